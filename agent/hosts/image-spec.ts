// Runs the image's own spec on this machine (ami/spec/check.sh, which a baked image carries).
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import type { SpecSaid } from "../../cloud/ports/doctor.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import { hostLimits } from "../machine/host-limits.ts";
import { runBounded } from "../machine/run-bounded.ts";

/** Where ami/install/agent.sh lays it. */
export const imageSpecFile = "/usr/lib/runpool/spec/check.sh";

/** Says what a running machine must have; it changes nothing. `path` is the caller's PATH: the spec asks the system's own tools. */
export async function imageSpec(file: string, path: string, clock: Clock): Promise<SpecSaid> {
  if (
    !(await access(file).then(
      () => true,
      () => false,
    ))
  )
    return { kind: "none" };
  const lines: string[] = [];
  const { code, timedOut } = await runBounded(
    {
      command: "/bin/bash",
      arguments: [file, "booted"],
      folder: dirname(file),
      environment: { PATH: path, HOME: "/root", LANG: "C.UTF-8" },
      limitMs: hostLimits.specMs,
      said: (line) => void (line.trim() === "" ? 0 : lines.push(line)),
    },
    clock,
  );
  return { kind: "said", code: timedOut ? 124 : code, lines };
}
