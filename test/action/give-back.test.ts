// What the post step reads of what its action has saved.
import { afterEach, expect, test, vi } from "vitest";
import type { Whole } from "../../cloud/aws/stored-shape.ts";
import type { SavedProvision } from "../../control/runs/provision.ts";
import { unfinished } from "../../entry/action/give-back.ts";
import { savedState } from "../../entry/action/provision.ts";

afterEach(() => vi.unstubAllEnvs());

const saved: Whole<SavedProvision> = {
  runId: "1001",
  attempt: 2,
  provisionId: "build",
  repository: "acme/shop",
  committed: false,
};

test("every field of a provision that was not handed over comes back as it was saved", () => {
  vi.stubEnv(`STATE_${savedState}`, JSON.stringify(saved));
  expect(unfinished()).toEqual(saved);
});

test("nothing is left to give back where nothing was begun, or all was handed over", () => {
  expect(unfinished()).toBeUndefined();
  vi.stubEnv(`STATE_${savedState}`, JSON.stringify({ ...saved, committed: true }));
  expect(unfinished()).toBeUndefined();
});
