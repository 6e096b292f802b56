// Runners at GitHub that no record stands behind: which are removed, and which are left.
import { expect, test } from "vitest";
import type { RunnerSeen } from "../../cloud/ports/forge.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { runnerName } from "../../domain/names.ts";
import { refreshedWorld, repository, requestOf } from "./calm-world.ts";

test("an offline runner of an earlier assignment is a ghost; the present one, and what is online, are not", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf()));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  await world.does("provision", (ports) => provision(ports, requestOf({ runId: "1002" })));
  const [record] = world.table.all();
  expect(record).toMatchObject({ state: "running", assignment: 2 });
  const report = await world.does("refresh", async (ports) => {
    const { configuration } = await ports.settings.load();
    const seen = (id: number, assignment: number, online = false): RunnerSeen => {
      const name = runnerName(configuration, record?.instanceId ?? "", assignment);
      return { id, name, online, busy: false, labels: [] };
    };
    const runners = async (scope: string) => (scope === repository ? [seen(1, 1), seen(2, 2), seen(3, 1, true)] : []);
    return await refresh({ ...ports, forge: { ...ports.forge, runners } }, { dryRun: true });
  });
  expect(report.ghosts).toEqual([expect.stringContaining(`${record?.instanceId}-1`)]);
});
