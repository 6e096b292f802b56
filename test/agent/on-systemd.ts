// The systemd host and its sandbox on a folder: no root answers there but as the test says.
import { expect } from "vitest";
import { unitHost, type UnitHostOptions } from "../../agent/hosts/systemd/unit-host.ts";
import { unitSandbox, type UnitSandboxOptions } from "../../agent/hosts/systemd/unit-sandbox.ts";
import type { RootRequests } from "../../agent/hosts/systemd/root-requests.ts";
import { manualClock } from "../sim/manual-clock.ts";

const noRoot: RootRequests = { ask: () => expect.fail("root is not asked") };

/** `prepareLimitMs` is 480,000. */
export const unitHostOn = (folder: string, changes: Partial<UnitHostOptions> = {}) =>
  unitHost({
    stateDirectory: folder,
    bootId: "boot-1",
    workDirectory: folder,
    prepareLimitMs: 480_000,
    requests: noRoot,
    supervisor: { turned: () => Promise.resolve() },
    clock: manualClock(),
    log: { event: () => undefined },
    ...changes,
  });

/** Its places and its tree of cgroups lie in the folder too. */
export const unitSandboxOn = (folder: string, changes: Partial<UnitSandboxOptions> = {}) =>
  unitSandbox({
    distribution: folder,
    stateDirectory: folder,
    rootsDirectory: folder,
    cgroupTree: folder,
    path: "",
    requests: noRoot,
    clock: manualClock(),
    onChange: () => undefined,
    ...changes,
  });
