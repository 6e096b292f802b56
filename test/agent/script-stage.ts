// Root's scripts on a folder instead of the machine: their paths lead into it, and stubs stand for systemctl and setpriv.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unitFolders } from "./unit-files.ts";

export interface ScriptStage {
  readonly folder: string;
  /** A path of the machine, as it is in the folder. */
  readonly path: (path: string) => string;
  /** Puts a program in the place of the script or tool of that name. */
  readonly stub: (name: string, text: string) => void;
  readonly run: (
    script: string,
    ...words: readonly string[]
  ) => { readonly code: number | null; readonly said: string };
  /** What systemctl was told since the last call, a line each. */
  readonly told: () => readonly string[];
  readonly close: () => void;
}

/** Where the scripts' folders lie; the longest first. */
const moved = [
  ["/proc/sys/kernel/random/boot_id", "boot_id"],
  ["/var/lib/runpool", "state"],
  ["/usr/lib/runpool", "lib"],
  ["/proc/uptime", "uptime"],
  ["/run/runpool", "run"],
] as const;

export function scriptStage(): ScriptStage {
  const folder = mkdtempSync(join(tmpdir(), "scripts-"));
  const path = (from: string): string =>
    moved.reduce((text, [place, name]) => text.replaceAll(place, join(folder, name)), from);
  for (const name of ["lib", "bin", "run/requests", "run/answers", "run/runners", "state/runners/1", "state/agent"])
    mkdirSync(join(folder, name), { recursive: true });
  const write = (file: string, text: string): void => {
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  };
  for (const units of unitFolders)
    for (const name of readdirSync(units).filter((file) => file.endsWith(".sh")))
      write(join(folder, "lib", name), path(readFileSync(join(units, name), "utf8")));
  const calls = join(folder, "calls");
  write(join(folder, "bin/systemctl"), `#!/bin/bash\necho "$*" >>${calls}\n`);
  write(join(folder, "bin/setpriv"), '#!/bin/bash\nuntil [ "$1" = -- ]; do shift; done\nshift\nexec "$@"\n');
  return {
    folder,
    path,
    stub: (name, text) => write(join(folder, name.endsWith(".sh") ? "lib" : "bin", name), `#!/bin/bash\n${text}\n`),
    run: (script, ...words) => {
      const { status, stdout, stderr } = spawnSync("bash", [join(folder, "lib", script), ...words], {
        env: { PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, EXIT_CODE: "exited", EXIT_STATUS: "7" },
        encoding: "utf8",
      });
      return { code: status, said: `${stdout}${stderr}`.trim() };
    },
    told: () => {
      const lines = readdirSync(folder).includes("calls")
        ? readFileSync(calls, "utf8").split("\n").filter(Boolean)
        : [];
      rmSync(calls, { force: true });
      return lines;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
