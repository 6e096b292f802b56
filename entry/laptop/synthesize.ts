// Synthesizes the laptop's stacks into the folder given: in a process of its own, since CDKTF needs 150 MB.
import { noCode } from "../../stacks/constructs/lambda-bundle.ts";
import { synthesize } from "../../stacks/synth.ts";
import environment from "./environment.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: synthesize.ts FOLDER");
// Of the stacks it is the pool that a laptop is furnished from.
synthesize({ laptop: environment }, folder, noCode);
