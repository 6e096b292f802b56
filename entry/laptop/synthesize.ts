// Synthesizes the laptop's stacks into the folder given: in a process of its own, since CDKTF needs 150 MB.
import { lambdaCode, noCode } from "../../stacks/constructs/lambda-bundle.ts";
import { synthesize } from "../../stacks/synth.ts";
import environment from "./environment.ts";

const [folder, option] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: synthesize.ts FOLDER [--with-code]");
synthesize({ laptop: environment }, folder, option === "--with-code" ? await lambdaCode() : noCode);
