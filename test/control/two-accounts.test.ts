// Two deployments of one name that serve one repository: neither touches the other's runners.
import { expect, test } from "vitest";
import type { Forge } from "../../cloud/ports/forge.ts";
import { place } from "../world/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { calmWorld, requestOf, type CalmWorld } from "./calm-world.ts";

/** GitHub as the other world has it. */
const githubOf = ({ forge }: CalmWorld): Pick<Forge, "runners" | "named" | "remove"> => ({
  runners: async (scope, prefix) => forge.list(scope, prefix),
  named: async (scope, name) => forge.list(scope, name).find((one) => one.name === name),
  remove: async (scope, id) => forge.remove(scope, id),
});

test.each([
  ["account", { account: "210987654321" }],
  ["region", { region: "eu-west-2" }],
] as const)("in another %s: a runner that is not online yet is not the other's ghost", async (_what, elsewhere) => {
  const one = calmWorld();
  await one.does("refresh", (ports) => refresh(ports));
  await one.does("provision", (ports) => provision(ports, requestOf()));
  const [runner] = one.forge.runners.values();
  if (runner === undefined) throw new Error("nothing was registered");
  runner.shownOnline = false;

  const other = calmWorld(elsewhere);
  const { ghosts, problems } = await other.does("refresh", (ports) =>
    refresh({ ...ports, forge: { ...ports.forge, ...githubOf(one) } }),
  );
  expect([ghosts, problems]).toEqual([[], []]);
  expect([...one.forge.runners.values()].map(({ name }) => name)).toEqual([runner.name]);

  // One of its own that nothing stands behind is deleted all the same.
  const same = calmWorld(place);
  const report = await same.does("refresh", (ports) =>
    refresh({ ...ports, forge: { ...ports.forge, ...githubOf(one) } }),
  );
  expect(report.ghosts).toEqual([runner.name]);
});
