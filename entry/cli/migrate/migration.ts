// From workflows of fleet-actions/ec2-runner-pool-manager to runpool: the environment's file, the changes, and what a person decides.
import { environmentText } from "./environment-text.ts";
import { problemOf, readOldWorkflow, type OldWorkflow, type Written } from "./old-steps.ts";
import { editsOf, operational, type Note, type StepWish } from "./step-edits.ts";
import { applied, workflowDiff } from "./workflow-diff.ts";

export interface WorkflowFile {
  /** As it is named to the user. */
  readonly path: string;
  readonly text: string;
}
export interface MigrationWish extends StepWish {
  readonly repository: string | undefined;
}

export interface Migration {
  readonly environmentFile: { readonly path: string; readonly text: string };
  /** What is still to be filled in there. */
  readonly placeholders: readonly string[];
  /** Unified diffs, one a workflow that changes. */
  readonly diffs: readonly { readonly path: string; readonly lines: readonly string[] }[];
  readonly notes: readonly (Note & { readonly path: string })[];
}

const unique = <One>(all: readonly One[]): readonly One[] => [
  ...new Map(all.map((one) => [JSON.stringify(one), one])).values(),
];

type Read = WorkflowFile & { readonly workflow: OldWorkflow };

/** Why the files cannot be read, a line each. */
export const unreadable = (files: readonly WorkflowFile[]): readonly string[] =>
  files.flatMap(({ path, text }) => readOldWorkflow(text).problems.map((problem) => `${path}, ${problem}`));

/** Of files that can be read. Undefined where no step uses the old system. */
export function migrationOf(files: readonly WorkflowFile[], wish: MigrationWish): Migration | undefined {
  const read = files.map((file): Read => ({ ...file, workflow: readOldWorkflow(file.text) }));
  const used = read.filter(({ workflow }) => workflow.steps.length > 0);
  if (used.length === 0) return undefined;
  const notes: (Note & { path: string })[] = [];
  const diffs: { path: string; lines: readonly string[] }[] = [];
  for (const { path, text, workflow } of used) {
    const lines = text.split("\n");
    const found = workflow.steps.map((step) => editsOf(step, lines, wish));
    // Steps that share their inputs by an anchor ask for the same.
    const edits = unique(found.flatMap((one) => one.edits));
    notes.push(...unique(found.flatMap((one) => one.notes)).map((note) => ({ ...note, path })));
    notes.push(...signInNotes(workflow, wish.environment).map((note) => ({ ...note, path })));
    const problem = problemOf(applied(text, edits));
    const diff = problem === undefined ? workflowDiff(path, text, edits) : [];
    if (diff.length > 0) diffs.push({ path, lines: diff });
    if (problem !== undefined)
      notes.push({
        path,
        line: edits[0]?.first ?? 1,
        text: `change this file by hand: without what has to go, ${problem}`,
      });
  }
  // Also those that only use the runners: a reusable workflow of jobs, say.
  for (const { path, workflow } of read) notes.push(...labelNotes(workflow).map((note) => ({ ...note, path })));
  const { inputs, notes: differing, sources } = refreshInputs(used);
  const { text, problems } = environmentText({
    name: wish.environment,
    sources: sources.length === 0 ? used.map(({ path }) => path) : sources,
    repository: wish.repository,
    region: regionOf(used),
    inputs: new Map([...inputs].map(([name, { written }]) => [name, written])),
  });
  notes.push(...differing);
  for (const { input, problem } of problems) {
    const path = [...inputs.values()].find(({ written }) => written === input)?.path ?? used[0]?.path ?? "";
    const stays = input.expression && operational.includes(input.name);
    const remedy = stays
      ? "it stays in the step, and refresh lays it over the environment's file"
      : "write it into the environment's file";
    notes.push({ path, line: input.line, text: `${problem}: ${remedy}` });
  }
  notes.push(...notTakenOver(inputs));
  const environmentFile = { path: `environments/${wish.environment}.ts`, text };
  const placeholders = [...text.matchAll(/FILL IN: ([^"]*)/g)].map(([, what = ""]) => what);
  return { environmentFile, placeholders, diffs, notes: sorted(notes) };
}

/** Runners carry nothing but their run's label and what stands behind it. `self-hosted` and the like say nothing more than the run does. */
const labelNotes = ({ labelled }: OldWorkflow): readonly Note[] =>
  labelled.map(({ line, beside }) => {
    const words = beside.filter((label) => !/^(self-hosted|linux)$/i.test(label));
    const behind = words.map((word) => `\${{ github.run_id }}-${word}`);
    const instead =
      behind.length === 0 ? "${{ github.run_id }}" : behind.length === 1 ? behind[0] : `["${behind.join('", "')}"]`;
    return {
      line,
      text: `no runner has the label ${beside.map((label) => `"${label}"`).join(" or ")} by itself, so this job would wait for ever: write runs-on: ${instead}`,
    };
  });

const sorted = (notes: readonly (Note & { path: string })[]): Migration["notes"] =>
  [...notes].sort((a, b) => a.path.localeCompare(b.path, "en") || a.line - b.line);

interface Found {
  readonly path: string;
  readonly written: Written;
}

/** Of every refresh step; where two differ, the first counts and the others are named. */
function refreshInputs(files: readonly Read[]) {
  const inputs = new Map<string, Found>();
  const notes: (Note & { path: string })[] = [];
  const sources = new Set<string>();
  for (const { path, workflow } of files)
    for (const step of workflow.steps.filter(({ inputs: given }) => given.get("mode")?.text === "refresh")) {
      sources.add(path);
      for (const written of step.inputs.values()) {
        const first = inputs.get(written.name);
        if (first === undefined) inputs.set(written.name, { path, written });
        else if (first.written.text.trim() !== written.text.trim())
          notes.push({
            path,
            line: written.line,
            text: `${written.name} differs from ${first.path}:${first.written.line}, which was taken; another environment may serve this one`,
          });
      }
    }
  return { inputs, notes, sources: [...sources] };
}

/** Refresh's, else any step's, else that of the credentials. */
function regionOf(files: readonly Read[]): Written | undefined {
  const steps = files.flatMap(({ workflow }) => workflow.steps);
  const regions = [
    ...steps
      .filter(({ inputs }) => inputs.get("mode")?.text === "refresh")
      .map(({ inputs }) => inputs.get("aws-region")),
    ...steps.map(({ inputs }) => inputs.get("aws-region")),
    ...files.flatMap(({ workflow }) => workflow.credentials.map(({ region }) => region)),
  ].filter((region) => region !== undefined);
  return regions.find(({ expression }) => !expression) ?? regions[0];
}

const signInNotes = ({ credentials }: OldWorkflow, environment: string): readonly Note[] =>
  credentials
    .filter(({ byKey }) => byKey)
    .map(({ line }) => ({
      line,
      text: `the deployment makes a role for this: role-to-assume: arn:aws:iam::ACCOUNT:role/runpool-${environment}-provision instead of the keys, and permissions: id-token: write on the job`,
    }));

/** What was deployed by hand and is made by the stacks now. */
function notTakenOver(inputs: ReadonlyMap<string, Found>): readonly (Note & { path: string })[] {
  const why: Readonly<Record<string, string>> = {
    "security-group-ids": "the stack makes a security group: everything out, nothing in",
    "iam-instance-profile":
      "the stack makes a profile for the agent alone, which jobs cannot use: give jobs that call AWS a role by OpenID Connect",
    "github-token":
      "refresh runs as a lambda every five minutes, by a GitHub App or token in the environment's parameter: then this step may go as a whole",
  };
  return Object.entries(why).flatMap(([name, text]) => {
    const found = inputs.get(name);
    return found === undefined ? [] : [{ path: found.path, line: found.written.line, text: `${name}: ${text}` }];
  });
}
