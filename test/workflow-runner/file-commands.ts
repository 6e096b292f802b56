// The files by which a step tells the runner its outputs, state, environment and summary (GitHub docs, "Workflow commands").
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const names = ["OUTPUT", "STATE", "ENV", "PATH", "STEP_SUMMARY"] as const;

export interface FileCommands {
  /** `GITHUB_OUTPUT` and the like, for the step's environment. */
  readonly variables: Readonly<Record<string, string>>;
  read(name: "OUTPUT" | "STATE" | "ENV"): Readonly<Record<string, string>>;
  summary(): string;
}

export function openFileCommands(folder: string): FileCommands {
  mkdirSync(folder, { recursive: true });
  const paths = new Map(names.map((name) => [name, join(folder, `${name.toLowerCase()}_${randomUUID()}`)] as const));
  for (const path of paths.values()) writeFileSync(path, "");
  const text = (name: (typeof names)[number]): string => readFileSync(paths.get(name) ?? "", "utf8");
  return {
    variables: Object.fromEntries([...paths].map(([name, path]) => [`GITHUB_${name}`, path])),
    read: (name) => assignments(text(name)),
    summary: () => text("STEP_SUMMARY"),
  };
}

/** `NAME=value` lines and `NAME<<END` blocks; the last of a name counts. */
export function assignments(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const [, name, end] = /^([^=<]+)<<(.+)$/.exec(line) ?? [];
    if (name === undefined) {
      const sign = line.indexOf("=");
      if (sign > 0) found[line.slice(0, sign)] = line.slice(sign + 1);
      continue;
    }
    const last = lines.indexOf(end ?? "", i + 1);
    if (last < 0) throw new Error(`${name}: its block has no end`);
    found[name] = lines.slice(i + 1, last).join("\n");
    i = last;
  }
  return found;
}
