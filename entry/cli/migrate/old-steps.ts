// The steps of a workflow that use the first published system of this kind, with the line of everything that they say.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLMap,
} from "yaml";

/** A value as it is written: its lines are counted from 1. */
export interface Written {
  readonly name: string;
  readonly text: string;
  readonly line: number;
  readonly lastLine: number;
  /** It holds a `${{ … }}` whose value no file says. */
  readonly expression: boolean;
  /** It shares its line with others (`{ mode: refresh, ami: … }`), or stands elsewhere (`*anchor`): changed by hand. */
  readonly crowded: boolean;
}

export interface OldStep {
  /** The job's id; absent in a composite action. */
  readonly job?: string;
  /** `uses` and its value. */
  readonly uses: Written;
  readonly inputs: ReadonlyMap<string, Written>;
}

/** A job that asks for its run's runners and, in the same `runs-on`, for a class or another label beside the run id. */
export interface LabelledJob {
  readonly line: number;
  readonly beside: readonly string[];
}

/** A step with aws-actions/configure-aws-credentials. */
export interface CredentialsStep {
  readonly line: number;
  readonly region?: Written;
  /** By an access key that never ends, instead of a role by OpenID Connect. */
  readonly byKey: boolean;
}

export interface OldWorkflow {
  readonly steps: readonly OldStep[];
  readonly credentials: readonly CredentialsStep[];
  readonly labelled: readonly LabelledJob[];
  /** Why it cannot be read, with the line. */
  readonly problems: readonly string[];
}

/** Forks keep the repository's name. */
const ours = /^[\w.-]+\/ec2-runner-pool-manager@/i;
const credentials = /^aws-actions\/configure-aws-credentials@/i;

interface Reading {
  readonly text: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

const lineAt = ({ lines }: Reading, offset: number): number => lines.linePos(offset).line;

function mapOf({ document }: Reading, node: unknown): YAMLMap | undefined {
  const found = isAlias(node) ? node.resolve(document) : node;
  return isMap(found) ? found : undefined;
}

function stringOf({ document }: Reading, node: unknown): string | undefined {
  const found: unknown = isAlias(node) ? node.resolve(document) : node;
  return isScalar(found) && typeof found.value === "string" ? found.value : undefined;
}

/** The pairs of a map whose keys and values are plain. `known`: literals of `env` that expressions may name. */
function writtenIn(
  reading: Reading,
  map: YAMLMap | undefined,
  known: ReadonlyMap<string, string>,
): Map<string, Written> {
  const found = new Map<string, Written>();
  for (const { key, value } of map?.items ?? []) {
    if (!isScalar(key) || key.range === undefined || key.range === null) continue;
    const node = (isAlias(value) ? value.resolve(reading.document) : value) as Node | null | undefined;
    const plain = isScalar(node) ? (node.value as string | number | boolean | null) : null;
    const raw = plain === null ? "" : String(plain);
    const text = raw.replaceAll(/\$\{\{\s*env\.([\w-]+)\s*\}\}/g, (all, name: string) => known.get(name) ?? all);
    const [from] = key.range;
    const to = (value as Node | null)?.range?.[1] ?? key.range[1];
    const line = lineAt(reading, from);
    const name = String(key.value);
    found.set(name, {
      name,
      text,
      line,
      lastLine: Math.max(line, lineAt(reading, from + reading.text.slice(from, to).trimEnd().length - 1)),
      expression: text.includes("${{"),
      crowded: map?.flow === true,
    });
  }
  return found;
}

/** What `env:` of a step and of all that is around it says, where it says it literally. */
function environmentAround(reading: Reading, around: readonly unknown[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const node of around.filter(isMap))
    for (const [name, { text, expression }] of writtenIn(reading, mapOf(reading, node.get("env", true)), new Map()))
      if (expression) known.delete(name);
      else known.set(name, text);
  return known;
}

function jobOf(path: readonly unknown[]): string | undefined {
  const keys = path.flatMap((node) =>
    isPair(node) ? [String((node.key as { value?: unknown }).value ?? node.key)] : [],
  );
  const at = keys.indexOf("jobs");
  return at < 0 ? undefined : keys[at + 1];
}
const isPair = (node: unknown): node is { readonly key: unknown } =>
  typeof node === "object" && node !== null && "key" in node && "value" in node && !isScalar(node);

const runId = /^\$\{\{\s*github\.run_id\s*\}\}$/;

/** `runs-on` as a list, or as a group with `labels`, that holds the run id and more. */
function labelledOf(reading: Reading, job: YAMLMap): readonly LabelledJob[] {
  const runsOn: unknown = job.get("runs-on", true);
  const list: unknown = isMap(runsOn) ? runsOn.get("labels", true) : runsOn;
  const found: unknown = isAlias(list) ? list.resolve(reading.document) : list;
  if (!isSeq(found)) return [];
  const labels = found.items.flatMap((item) => stringOf(reading, item) ?? []);
  const beside = labels.filter((label) => !runId.test(label));
  if (beside.length === 0 || beside.length === labels.length) return [];
  return [{ line: lineAt(reading, found.range?.[0] ?? 0), beside }];
}

/** Why a text is no YAML, or names an anchor that it does not have. */
export function problemOf(text: string): string | undefined {
  const document = parseDocument(text);
  if (document.errors[0] !== undefined) return document.errors[0].message.split("\n")[0];
  try {
    document.toJS();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function readOldWorkflow(text: string): OldWorkflow {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const reading = { text, document, lines };
  const problems = document.errors.map(
    ({ message, linePos }) => `line ${linePos?.[0].line ?? 1}: ${message.split(" at line")[0]}`,
  );
  const steps: OldStep[] = [];
  const signedIn: CredentialsStep[] = [];
  const labelled: LabelledJob[] = [];
  if (problems.length === 0)
    visit(document, {
      Map: (_key, node, path) => {
        labelled.push(...labelledOf(reading, node));
        const step = path.at(-1);
        const named = node.get("uses", true);
        const used = stringOf(reading, named);
        if (!isSeq(step) || used === undefined) return;
        const known = environmentAround(reading, [...path, node]);
        const inputs = writtenIn(reading, mapOf(reading, node.get("with", true)), known);
        const written = writtenIn(reading, node, known).get("uses");
        if (written === undefined) return;
        const uses = isAlias(named) ? { ...written, crowded: true } : written;
        const region = inputs.get("aws-region");
        if (credentials.test(used))
          signedIn.push({
            line: uses.line,
            byKey: inputs.has("aws-access-key-id"),
            ...(region === undefined ? {} : { region }),
          });
        if (!ours.test(used)) return;
        const job = jobOf(path);
        steps.push({ uses, inputs, ...(job === undefined ? {} : { job }) });
      },
    });
  return { steps, credentials: signedIn, labelled, problems };
}
