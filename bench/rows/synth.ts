// Synthesis of all stacks of all environment files, the lambda's bundle among them, beside a Node that only loads CDKTF.
import { join } from "node:path";
import { inTurn, rowOf, run, type Result } from "../measure.ts";

const rounds = 5;
const main = join(import.meta.dirname, "..", "..", "stacks", "main.ts");

async function once(args: readonly string[]): Promise<{ ms: number }> {
  const { ms, code, err } = await run(args, {});
  if (code !== 0) throw new Error(`it ended with ${code}: ${err}`);
  return { ms };
}

export async function synthRow(directory: string): Promise<Result> {
  const { samples, references } = await inTurn(
    rounds,
    () => once([main, join(directory, "cdktf.out")]),
    () => once(["--input-type=module", "-e", "await import('cdktf')"]),
  );
  return rowOf("synth", samples, references, { ms: 1500 }, "three environments, and the lambda's bundle");
}
