// What a step of the old system has to change, and why: edits of its lines, and notes for people.
import { inputNames, inputOf, inputs, type InputName } from "../../action/inputs.ts";
import type { OldStep, Written } from "./old-steps.ts";
import type { Edit } from "./workflow-diff.ts";

export interface Note {
  readonly line: number;
  readonly text: string;
}

export interface StepWish {
  /** `uses:` of the action, e.g. `octo-org/runpool@v1`. */
  readonly action: string;
  readonly environment: string;
}

const deployTime = ["iam-instance-profile", "security-group-ids", "subnet-ids"];
export const operational: readonly string[] = [
  "ami",
  "idle-time-sec",
  "max-runtime-min",
  "pre-runner-script",
  "resource-class-config",
  "actions-runner-version",
];
const modes = ["provision", "release", "refresh"];
const isInput = (name: string): name is InputName => (inputNames as readonly string[]).includes(name);

/** Why an input is taken out; undefined: it stays. */
function whyOut({ name, expression }: Written, mode: string): string | undefined {
  if (!isInput(name)) return undefined;
  const { idle, modes: useful } = inputOf(name);
  if (idle !== undefined) return idle;
  if (mode === "refresh" && deployTime.includes(name))
    return "the environment's file says it, and a deployment changes it";
  // What only the workflow knows stays: refresh lays it over what is deployed.
  if (mode === "refresh" && operational.includes(name))
    return expression ? undefined : "the environment's file says it";
  if (useful !== undefined && !useful.some((one) => one === mode)) return `it has no effect in mode ${mode}`;
  return undefined;
}

/** The comment right above a line goes with it. */
function commentAbove(lines: readonly string[], line: number): number {
  const indent = /^ */.exec(lines[line - 1] ?? "")?.[0].length ?? 0;
  let first = line;
  while (new RegExp(`^ {${indent}}#`).test(lines[first - 2] ?? "")) first--;
  return first;
}

export function editsOf(step: OldStep, lines: readonly string[], wish: StepWish): { edits: Edit[]; notes: Note[] } {
  const { uses, inputs: given } = step;
  const edits: Edit[] = [];
  const notes: Note[] = [];
  const usesLine = lines[uses.line - 1] ?? "";
  if (uses.crowded) notes.push({ line: uses.line, text: `write uses: ${wish.action}` });
  else
    edits.push({
      first: uses.line,
      last: uses.lastLine,
      // With what follows: a comment there names the old version. An anchor is somebody else's.
      lines: [
        usesLine.replace(
          /(["']?uses["']?)\s*:\s*(&\S+\s+)?.*$/s,
          (_all, key: string, anchor = "") => `${key}: ${anchor}${wish.action}`,
        ),
      ],
    });
  const written = given.get("mode");
  const mode = written?.text ?? "";
  if (written?.expression === true) notes.push({ line: written.line, text: `mode is ${mode}: judged as any of them` });
  else if (!modes.includes(mode))
    notes.push({ line: written?.line ?? uses.line, text: `mode is "${mode}"; runpool has ${modes.join(", ")}` });
  for (const input of given.values()) {
    if (!isInput(input.name))
      notes.push({ line: input.line, text: `${input.name} is an input of neither system: take it out` });
    const why = whyOut(input, mode);
    if (why === undefined) continue;
    if (input.crowded) notes.push({ line: input.line, text: `take ${input.name} out: ${why}` });
    else edits.push({ first: commentAbove(lines, input.line), last: input.lastLine, lines: [] });
  }
  if (wish.environment !== inputs.environment.otherwise && !given.has("environment"))
    if (written === undefined || written.crowded)
      notes.push({ line: uses.line, text: `add the input environment: ${wish.environment}` });
    else {
      const indent = /^ */.exec(lines[written.line - 1] ?? "")?.[0] ?? "";
      edits.push({ first: written.line + 1, last: written.line, lines: [`${indent}environment: ${wish.environment}`] });
    }
  return { edits, notes };
}
