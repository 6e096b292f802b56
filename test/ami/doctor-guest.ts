// Runs in the guest: the doctor's part that asks the spec which the machine carries, with nothing standing in for it.
import { imageSpec, imageSpecFile } from "../../cloud/host/image-spec.ts";
import { judgeImageSpec } from "../../control/doctor/image-spec.ts";
import { hostClock } from "../../entry/host-clock.ts";

const said = await imageSpec(imageSpecFile, process.env["PATH"] ?? "", hostClock);
process.stdout.write(JSON.stringify(judgeImageSpec(said)));
