// A workflow, or a part of one, as a page shows it: made whole, so that a linter can judge it; and its steps of our action.
import { parse, stringify } from "yaml";

type Found = Readonly<Record<string, unknown>>;
const isMapping = (value: unknown): value is Found =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A part of a job's steps names a step by its id where another part of the page has it. */
const trigger = { on: "push", permissions: {} };
const isJob = (value: unknown): value is Found => isMapping(value) && ("steps" in value || "runs-on" in value);

/** What a part leaves out for brevity. */
const wholeJob = (job: Found): Found => ({
  "runs-on": "ubuntu-latest",
  steps: [{ run: "true" }],
  ...job,
});

const wholeJobs = (jobs: Found): Found =>
  Object.fromEntries(Object.entries(jobs).map(([id, job]) => [id, isJob(job) ? wholeJob(job) : job]));

/**
 * The workflow that a block of YAML is, or is a part of: the jobs, some of them, one job, or its steps. Undefined for YAML that is no
 * part of a workflow. Throws YAMLParseError.
 */
export function wholeWorkflow(text: string): Found | undefined {
  const found = parse(text) as unknown;
  if (Array.isArray(found)) return { ...trigger, jobs: { shown: wholeJob({ steps: found }) } };
  if (!isMapping(found)) return undefined;
  if (isMapping(found["jobs"])) return { ...trigger, ...found, jobs: wholeJobs(found["jobs"]) };
  if (isJob(found)) return { ...trigger, jobs: { shown: wholeJob(found) } };
  if (Object.values(found).length > 0 && Object.values(found).every(isJob))
    return { ...trigger, jobs: wholeJobs(found) };
  return undefined;
}

export const textOfWorkflow = (workflow: Found): string => stringify(workflow, { lineWidth: 0 });

export interface OurStep {
  readonly job: string;
  readonly with: Readonly<Record<string, string>>;
}

/** The steps that use this action, under whatever owner and version. */
export function ourSteps(workflow: Found): readonly OurStep[] {
  const jobs = Object.entries(workflow["jobs"] as Readonly<Record<string, Found>>);
  return jobs.flatMap(([job, { steps }]) =>
    ((steps ?? []) as readonly Found[])
      .filter(({ uses }) => typeof uses === "string" && /^[^/]+\/runpool@/.test(uses))
      .map((step) => ({
        job,
        with: Object.fromEntries(Object.entries((step["with"] ?? {}) as Found).map(([name, v]) => [name, String(v)])),
      })),
  );
}

/** The jobs that use our action and may not ask for the token that its role is taken by. */
export function jobsWithoutToken(workflow: Found): readonly string[] {
  const jobs = workflow["jobs"] as Readonly<Record<string, Found>>;
  return [...new Set(ourSteps(workflow).map(({ job }) => job))].filter((id) => {
    const rights = jobs[id]?.["permissions"] ?? workflow["permissions"];
    return !isMapping(rights) || rights["id-token"] !== "write";
  });
}
