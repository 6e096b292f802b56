// Maps an error to its message and its exit code.
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import { ForgeRefused } from "../../cloud/ports/forge.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { Unconfigured } from "../../cloud/ports/settings.ts";
import { BadInput } from "../words/bad-input.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { plain, type Terminal } from "../words/terminal.ts";

interface Failure {
  readonly kind: "bad-input" | "unconfigured" | "out-of-reach" | "refused" | "mistake";
  readonly exitCode: ExitCode;
  readonly problems: readonly string[];
  readonly advice?: string;
}

function failureOf(error: unknown): Failure {
  if (error instanceof BadInput) {
    const { problems, help } = error;
    const advice = help === undefined ? undefined : `See runpool ${help === "" ? "" : `${help} `}--help`;
    return { kind: "bad-input", exitCode: exitCodes.refused, problems, ...(advice === undefined ? {} : { advice }) };
  }
  if (error instanceof Unconfigured)
    return { kind: "unconfigured", exitCode: exitCodes.refused, problems: error.message.split("\n") };
  if (error instanceof OutOfReach) {
    const advice = "Check the network and the region, then run the command again";
    return { kind: "out-of-reach", exitCode: exitCodes.outOfReach, problems: [error.message], advice };
  }
  if (error instanceof AwsRefused || error instanceof ForgeRefused)
    return { kind: "refused", exitCode: exitCodes.failed, problems: [error.message] };
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: "mistake", exitCode: exitCodes.failed, problems: [`internal error (please report): ${words}`] };
}

/** Writes messages to stderr; with `--json` also one object to stdout, as for any other result. */
export function report(error: unknown, terminal: Terminal, json: boolean): ExitCode {
  const { kind, exitCode, problems, advice } = failureOf(error);
  const { err, out } = terminal;
  for (const problem of problems)
    err.write(`${err.paint("red", "runpool:")} ${problem.split("\n").map(plain).join("\n")}\n`);
  if (advice !== undefined) err.write(`${advice}.\n`);
  if (json) out.write(`${JSON.stringify({ error: { kind, problems }, exitCode }, undefined, 2)}\n`);
  return exitCode;
}
