// An action that is older than the environment it is to work on: an annotation that names the version to use, and nothing is taken.
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { environmentSchema } from "../../domain/version.ts";
import { annotations, buildAction, openActionBench } from "./action-bench.ts";

let built: Awaited<ReturnType<typeof buildAction>>;
beforeAll(async () => {
  built = await buildAction();
});
afterAll(() => built.remove());

test.each(["provision", "release", "refresh"])("mode %s", async (mode) => {
  const bench = await openActionBench(built.folder);
  await bench.put(defaultsItem({ ...bench.defaults, deployedBy: "9.1.0", schema: environmentSchema + 1 }));
  const end = await bench.main({ with: { mode } });
  expect(end.code).toBe(1);
  expect(annotations("error", end).join()).toContain("uses: OWNER/runpool@v9.1.0");
  expect([bench.machines.machines(), bench.records()]).toEqual([[], []]);
  await bench.close();
});
