// The contract of `Registrar`, `RunnerInventory` and `JobQueue`.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ForgeRefused } from "../../cloud/ports/forge.ts";
import type { ForgeStand } from "./stand.ts";

export interface ForgeKind {
  readonly name: string;
  open(): Promise<ForgeStand>;
  /** Why this forge cannot refuse for want of a right. */
  readonly refuses?: string;
}

const unknownId = 987_654_321;

export function forgeContract(kind: ForgeKind): void {
  describe(`Registrar, RunnerInventory and JobQueue on ${kind.name}`, () => {
    let stand: ForgeStand;
    beforeAll(async () => {
      stand = await kind.open();
    });
    afterAll(() => stand?.close());

    it("gives tokens that live about an hour, and another each time of each kind", async () => {
      const { registrar, scope } = stand;
      const registration = await registrar.registrationToken(scope);
      const removal = await registrar.removalToken(scope);
      expect(registration.token).not.toBe(removal.token);
      for (const { token, expiresAt } of [registration, removal]) {
        expect(token.length).toBeGreaterThan(5);
        expect(expiresAt - stand.now()).toBeGreaterThan(50 * 60_000);
        expect(expiresAt - stand.now()).toBeLessThanOrEqual(60 * 60_000 + 1000);
      }
    });

    it("lists every runner whose name begins with the prefix, however many there are", async () => {
      const { inventory, scope } = stand;
      for (let index = 0; index < 105; index++) await stand.register(`many-i-${index}`);
      await stand.register("other-i-1");
      const found = await inventory.list(scope, "many-");
      expect(found).toHaveLength(105);
      expect(new Set(found.map(({ id }) => id)).size).toBe(105);
      expect(found[0]).toMatchObject({ online: false, busy: false, labels: expect.arrayContaining(["large"]) });
    });

    it("finds a runner by its whole name, and says that there is none of another", async () => {
      const { inventory, scope } = stand;
      for (let index = 0; index < 105; index++) await stand.register(`named-i-${index}`);
      const id = await stand.register("named-i-200");
      expect(await inventory.named(scope, "named-i-200")).toMatchObject({ id, name: "named-i-200" });
      expect(await inventory.named(scope, "named-i-20")).toMatchObject({ name: "named-i-20" });
      expect(await inventory.named(scope, "named-i-2000")).toBeUndefined();
      expect(await inventory.named(scope, "named-i")).toBeUndefined();
    });

    it("removes a runner once; then it is absent, as one that never was", async () => {
      const { inventory, scope } = stand;
      const id = await stand.register("removed-i-1");
      expect(await inventory.remove(scope, id)).toBe("removed");
      expect(await inventory.remove(scope, id)).toBe("absent");
      expect(await inventory.remove(scope, unknownId)).toBe("absent");
      expect(await inventory.list(scope, "removed-")).toEqual([]);
    });

    it("refuses to remove a runner on which a job runs", async () => {
      const { inventory, scope } = stand;
      const id = await stand.register("busy-i-1");
      stand.busy(id);
      expect(await inventory.remove(scope, id)).toBe("busy");
      expect((await inventory.list(scope, "busy-")).map((runner) => runner.id)).toEqual([id]);
    });

    it("tells which runs have jobs that wait, and what labels these want, of the newest attempt", async () => {
      const { jobs, scope } = stand;
      stand.queue("5001", 1, ["5001", "large"]);
      stand.queue("5002", 1, ["5002"]);
      stand.queue("5002", 2, ["5002", "xlarge"]);
      stand.queue("5002", 2, ["5002"]);
      const runs = await jobs.activeRuns(scope);
      expect(runs).toContainEqual({ runId: "5001", attempt: 1 });
      expect(runs.filter(({ runId }) => runId === "5002")).toEqual([{ runId: "5002", attempt: 2 }]);
      const queued = await jobs.queuedJobs(scope, { runId: "5002", attempt: 2 });
      expect(queued.map(({ labels }) => labels)).toEqual([["5002", "xlarge"], ["5002"]]);
      for (const { queuedAt } of queued) expect(Math.abs(stand.now() - queuedAt)).toBeLessThan(60_000);
    });

    it("lists every run that waits, however many there are", async () => {
      const { jobs, scope } = stand;
      for (let index = 0; index < 105; index++) stand.queue(String(6000 + index), 1, ["nobody"]);
      const ids = (await jobs.activeRuns(scope)).map(({ runId }) => Number(runId)).filter((id) => id >= 6000);
      expect(new Set(ids).size).toBe(105);
    });

    it("does not take a missing right for a missing runner", async (context) => {
      if (kind.refuses !== undefined) context.skip(`does not hold for ${kind.name}: ${kind.refuses}`);
      const { inventory, registrar } = stand;
      await expect(inventory.remove("acme/elsewhere", 1)).rejects.toThrow(ForgeRefused);
      await expect(inventory.list("acme/elsewhere", "")).rejects.toThrow(/elsewhere.*Administration/s);
      await expect(inventory.named("acme/elsewhere", "a")).rejects.toThrow(/elsewhere.*Administration/s);
      await expect(registrar.registrationToken("acme/elsewhere")).rejects.toThrow(ForgeRefused);
      await expect(stand.jobs.activeRuns("acme/elsewhere")).rejects.toThrow(/elsewhere.*Actions: read/s);
    });
  });
}
