// The contract of `Forge`.
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
  describe(`Forge on ${kind.name}`, () => {
    let stand: ForgeStand;
    beforeAll(async () => {
      stand = await kind.open();
    });
    afterAll(() => stand?.close());

    it("enrols by secrets of the place's own, made anew each time, that live about an hour", async () => {
      const { forge, scope } = stand;
      const place = { environment: "dev", partition: `github:${scope}`, scope };
      const secrets = await forge.enrol(place);
      expect(secrets.filter(({ registers }) => registers)).toHaveLength(1);
      const elsewhere = await forge.enrol({ ...place, partition: "ui" });
      expect(new Set([...secrets, ...elsewhere].map(({ name }) => name)).size).toBe(2 * secrets.length);
      const made = await Promise.all([...secrets, ...secrets].map(({ make }) => make()));
      expect(new Set(made.map(({ token }) => token)).size).toBe(made.length);
      for (const { token, expiresAt } of made) {
        expect(token.length).toBeGreaterThan(5);
        expect(expiresAt - stand.now()).toBeGreaterThan(50 * 60_000);
        expect(expiresAt - stand.now()).toBeLessThanOrEqual(60 * 60_000 + 1000);
      }
    });

    it("lists every runner whose name begins with the prefix, however many there are", async () => {
      const { forge, scope } = stand;
      for (let index = 0; index < 105; index++) await stand.register(`many-i-${index}`);
      await stand.register("other-i-1");
      const found = await forge.runners(scope, "many-");
      expect(found).toHaveLength(105);
      expect(new Set(found.map(({ id }) => id)).size).toBe(105);
      expect(found[0]).toMatchObject({ online: false, busy: false, labels: expect.arrayContaining(["large"]) });
    });

    it("finds a runner by its whole name, and says that there is none of another", async () => {
      const { forge, scope } = stand;
      for (let index = 0; index < 105; index++) await stand.register(`named-i-${index}`);
      const id = await stand.register("named-i-200");
      expect(await forge.named(scope, "named-i-200")).toMatchObject({ id, name: "named-i-200" });
      expect(await forge.named(scope, "named-i-20")).toMatchObject({ name: "named-i-20" });
      expect(await forge.named(scope, "named-i-2000")).toBeUndefined();
      expect(await forge.named(scope, "named-i")).toBeUndefined();
    });

    it("removes a runner once; then it is absent, as one that never was", async () => {
      const { forge, scope } = stand;
      const id = await stand.register("removed-i-1");
      expect(await forge.remove(scope, id)).toBe("removed");
      expect(await forge.remove(scope, id)).toBe("absent");
      expect(await forge.remove(scope, unknownId)).toBe("absent");
      expect(await forge.runners(scope, "removed-")).toEqual([]);
    });

    it("refuses to remove a runner on which a job runs", async () => {
      const { forge, scope } = stand;
      const id = await stand.register("busy-i-1");
      stand.busy(id);
      expect(await forge.remove(scope, id)).toBe("busy");
      expect((await forge.runners(scope, "busy-")).map((runner) => runner.id)).toEqual([id]);
    });

    it("tells which runs have jobs that wait, and what labels these want, of the newest attempt", async () => {
      const { forge, scope } = stand;
      stand.queue("5001", 1, ["5001", "large"]);
      stand.queue("5002", 1, ["5002"]);
      stand.queue("5002", 2, ["5002", "xlarge"]);
      stand.queue("5002", 2, ["5002"]);
      const runs = await forge.activeRuns(scope);
      expect(runs).toContainEqual({ runId: "5001", attempt: 1 });
      expect(runs.filter(({ runId }) => runId === "5002")).toEqual([{ runId: "5002", attempt: 2 }]);
      const queued = await forge.waiting(scope, { runId: "5002", attempt: 2 });
      expect(queued.map(({ labels }) => labels)).toEqual([["5002", "xlarge"], ["5002"]]);
      for (const { queuedAt } of queued) expect(Math.abs(stand.now() - queuedAt)).toBeLessThan(60_000);
    });

    it("lists every run that waits, however many there are", async () => {
      const { forge, scope } = stand;
      for (let index = 0; index < 105; index++) stand.queue(String(6000 + index), 1, ["nobody"]);
      const ids = (await forge.activeRuns(scope)).map(({ runId }) => Number(runId)).filter((id) => id >= 6000);
      expect(new Set(ids).size).toBe(105);
    });

    it("does not take a missing right for a missing runner", async (context) => {
      if (kind.refuses !== undefined) context.skip(`does not hold for ${kind.name}: ${kind.refuses}`);
      const { forge } = stand;
      await expect(forge.remove("acme/elsewhere", 1)).rejects.toThrow(ForgeRefused);
      await expect(forge.runners("acme/elsewhere", "")).rejects.toThrow(/elsewhere.*Administration/s);
      await expect(forge.named("acme/elsewhere", "a")).rejects.toThrow(/elsewhere.*Administration/s);
      const place = { environment: "dev", partition: "github:acme/elsewhere", scope: "acme/elsewhere" };
      for (const { make } of await forge.enrol(place)) await expect(make()).rejects.toThrow(ForgeRefused);
      await expect(forge.activeRuns("acme/elsewhere")).rejects.toThrow(/elsewhere.*Actions: read/s);
    });
  });
}
