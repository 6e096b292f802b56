// `runpool migrate <workflow>`: from fleet-actions/ec2-runner-pool-manager to runpool.
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import * as z from "zod/mini";
import { environmentName } from "../../domain/names.ts";
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";
import { counted } from "../words/durations.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Ground } from "./ground.ts";
import type { Migration, WorkflowFile } from "./migrate/migration.ts";
import { repositoryOption } from "./run-options.ts";
import { plain, type Sink } from "../words/terminal.ts";
import { hanging, wrap } from "../words/wrap.ts";

const name = "migrate";

export const migrateCommand = command({
  name,
  summary: "from fleet-actions/ec2-runner-pool-manager to runpool",
  details:
    "Reads a workflow that uses it in any mode, or every workflow of a folder, and changes nothing. On stdout: the environment's file, from what refresh was told; " +
    "what no workflow says is marked FILL IN. On stderr: the changes as a diff, and what a person decides, with line numbers. " +
    "With --diff the diff is on stdout instead of the file, for git apply. --environment names the environment (default: prod).",
  operand: { name: "workflow", help: "a workflow file, or a folder of them", required: true, path: true },
  options: [
    { name: "diff", help: "print the diff of the workflows instead of the environment's file" },
    { name: "action", value: "USES", otherwise: "octo-org/runpool@v1", help: "where your copy of the action is" },
    repositoryOption,
  ],
  examples: [
    "runpool migrate .github/workflows -e prod > environments/prod.ts",
    "runpool migrate .github/workflows --diff | git apply",
    "runpool migrate .github/workflows/refresh.yml --json | jq '.notes'",
  ],
  schema: z.object({
    workflow: z.string(),
    diff: z._default(z.boolean(), false),
    action: z.string().check(z.regex(/^[\w.-]+\/[\w./-]+@\S+$/, "write OWNER/REPOSITORY@REF")),
    repository: z.optional(z.string().check(z.regex(/^[\w.-]+\/[\w.-]+$/, "write OWNER/REPOSITORY"))),
    environment: z.optional(z.string().check(z.regex(environmentName))),
  }),
  run: async ({ workflow, diff, action, repository, environment = "prod" }, ground) => {
    // Loaded late: no other command reads YAML.
    const { migrationOf, unreadable } = await import("./migrate/migration.ts");
    const files = await workflowFiles(workflow);
    const broken = unreadable(files);
    if (broken.length > 0) throw new BadInput(broken, name);
    const migration = migrationOf(files, { action, repository, environment });
    if (migration === undefined)
      throw new BadInput([`${workflow} has no step that uses fleet-actions/ec2-runner-pool-manager`], name);
    show(migration, diff, ground);
    return exitCodes.done;
  },
});

async function workflowFiles(path: string): Promise<readonly WorkflowFile[]> {
  try {
    const folder = (await stat(path)).isDirectory();
    const names = folder ? (await readdir(path)).filter((one) => /\.ya?ml$/.test(one)).sort() : [];
    const paths = folder ? names.map((one) => join(path, one)) : [path];
    if (paths.length === 0) throw new BadInput([`${path} holds no .yml or .yaml file`], name);
    return await Promise.all(
      paths.map(async (one) => ({ path: relative("", one), text: await readFile(one, "utf8") })),
    );
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new BadInput([`${path} cannot be read: ${error.message.split(",")[0]}`], name);
  }
}

function show(migration: Migration, asDiff: boolean, ground: Ground): void {
  const { environmentFile, diffs, notes, placeholders } = migration;
  const { out, err } = ground.terminal;
  ground.result(migration, () => {
    if (asDiff) return diffs.flatMap(({ lines }) => lines);
    return environmentFile.text.trimEnd().split("\n");
  });
  if (ground.json) return;
  const say = (line = ""): void => err.write(`${plain(line)}\n`);
  // Where both go to one terminal, something has to stand between them.
  if (out.terminal) say();
  if (!asDiff) {
    for (const { lines } of diffs)
      for (const line of lines) err.write(`${coloured(plain(line.replace(/\r$/, "")), err)}\n`);
    say();
  }
  for (const { path, line, text } of notes) {
    const [first = "", ...rest] = hanging(plain(`${path}:${line}: ${text}`), 2, err.columns());
    const at = `${plain(path)}:${line}:`;
    err.write(`${err.paint("yellow", at)}${first.slice(at.length)}\n`);
    for (const more of rest) err.write(`${more}\n`);
  }
  const left =
    "The old system's table, queues and launch templates are left as they are: delete them once its last instance has ended.";
  const fillIn = `${environmentFile.path}: ${counted(placeholders.length, "value")} to fill in.`;
  for (const line of wrap(`${fillIn} ${left}`, err.columns())) say(line);
}

const coloured = (line: string, sink: Sink): string => {
  if (/^(---|\+\+\+)/.test(line)) return sink.paint("bold", line);
  if (line.startsWith("@@")) return sink.paint("cyan", line);
  if (line.startsWith("-")) return sink.paint("red", line);
  return line.startsWith("+") ? sink.paint("green", line) : line;
};
