// The contract of `Instances`: moves are decided once, the loser learns why, reads are complete.
import { ownAssignment } from "../../domain/needs.ts";
import { runGroup } from "../../domain/owner.ts";
import { describe, expect, it } from "vitest";
import { limits } from "../../domain/limits.ts";
import type { Decision } from "../../domain/instance.ts";
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import { done, fresh, freshRun, idler, newcomer, ownership, report, until } from "./newcomers.ts";
import { needs, useStand, type Stand, type StandKind } from "./stand.ts";

const refused = (outcome: Decision | Unknown) => {
  if (outcome.kind !== "refused") throw new Error(`not refused: ${JSON.stringify(outcome)}`);
  return outcome;
};

const reason = { code: "gone", by: "terminated", reason: "Server.InternalError" } as const;

export function instancesContract(kind: StandKind): void {
  describe(`Instances on ${kind.name}`, () => {
    let stand: Stand;
    useStand(kind, (opened) => {
      stand = opened;
    });

    it("creates a record once, and finds its own when it tries again", async () => {
      const { ref, machine } = await newcomer(stand);
      const params = { ...until(stand), machine, claimId: fresh("claim"), ownership: undefined };
      const { ownership: _, ...create } = params;
      const record = done(await stand.instances.move("create", ref, create));
      expect(record).toMatchObject({ ...machine, state: "created", version: 1, assignment: 0, uses: 0 });
      expect(await stand.instances.move("create", ref, create)).toMatchObject({ kind: "done", already: true });
      const other = refused(await stand.instances.move("create", ref, { ...create, claimId: fresh("claim") }));
      expect(other).toMatchObject({ why: "exists", record: { claimId: create.claimId, version: 1 } });
    });

    it("creates a record with an owner, who may then start it", async () => {
      const { ref, machine, own } = await newcomer(stand);
      const mine = ownership(freshRun(), fresh("claim"));
      const create = { ...until(stand), machine, claimId: mine.claimId, ownership: mine };
      expect(done(await stand.instances.move("create", ref, create))).toMatchObject({ ...mine, assignment: 1 });
      const start = { ...until(stand), own: { by: "claim", owner: mine.owner, claimId: mine.claimId } } as const;
      expect(refused(await stand.instances.move("start", ref, start)).why).toBe("registered now");
      await report(stand, own, "registering", 1);
      await report(stand, own, "registered", 1);
      expect(done(await stand.instances.move("start", ref, start))).toMatchObject({ state: "running", version: 2 });
    });

    it("refuses to move what does not exist, and creates nothing by it", async () => {
      const { ref } = await newcomer(stand);
      const outcome = await stand.instances.move("condemn-gone", ref, { ...until(stand), reason });
      expect(refused(outcome)).toEqual({ kind: "refused", why: "missing", record: undefined });
      expect(await stand.instances.read([ref.key])).toEqual({ items: [], damaged: [] });
    });

    it("gives an idle instance to exactly one of many that claim it at once", async (context) => {
      needs(kind, context, "a conditional write is atomic");
      const { ref, record } = await idler(stand);
      const claims = Array.from({ length: 6 }, () => ownership(freshRun(), fresh("claim")));
      const outcomes = await Promise.all(
        claims.map((mine) => stand.instances.move("claim", ref, { ...until(stand), ownership: mine })),
      );
      const winners = outcomes.filter(({ kind }) => kind === "done");
      expect(winners).toHaveLength(1);
      const winner = done(winners[0] as Decision);
      expect(winner).toMatchObject({
        state: "claimed",
        assignment: record.assignment + 1,
        version: record.version + 1,
      });
      for (const outcome of outcomes.filter((one) => one.kind !== "done"))
        expect(refused(outcome)).toMatchObject({ why: "state", record: { owner: winner.owner } });
      const again = claims.find(({ claimId }) => claimId === winner.claimId);
      if (again === undefined) throw new Error("nobody's claim");
      expect(await stand.instances.move("claim", ref, { ...until(stand), ownership: again })).toMatchObject({
        kind: "done",
        already: true,
        record: { version: winner.version },
      });
    });

    it("refuses a claim whose instance was silent, until its heartbeat is fresh again", async () => {
      const { ref } = await idler(stand);
      await stand.pass(limits.freshHeartbeatMs + 1_000);
      const mine = ownership(freshRun(), fresh("claim"));
      expect(refused(await stand.instances.move("claim", ref, { ...until(stand), ownership: mine })).why).toBe(
        "heartbeat fresh",
      );
    });

    it("takes an instance through release, and leaves nothing of its owner on it", async () => {
      const { ref, own } = await idler(stand);
      const mine = ownership(freshRun(), fresh("claim"));
      const claimed = done(await stand.instances.move("claim", ref, { ...until(stand), ownership: mine }));
      const byOwner = ownAssignment(claimed);
      done(await stand.instances.move("ask-to-leave", ref, { now: stand.now(), own: byOwner }));
      expect(refused(await stand.instances.move("release", ref, { ...until(stand), own: byOwner })).why).toBe(
        "deregistered now",
      );
      await report(stand, own, "deregistered", claimed.assignment);
      const idle = done(await stand.instances.move("release", ref, { ...until(stand, limits.idleMs), own: byOwner }));
      expect(idle).toMatchObject({ state: "idle", version: claimed.version + 2, uses: 1 });
      for (const name of Object.keys(mine)) expect(idle).not.toHaveProperty(name);
      expect(await stand.instances.move("release", ref, { ...until(stand), own: byOwner })).toMatchObject({
        already: true,
      });
    });

    it("condemns with a reason, keeps the last owner, and confirms with an end of keeping", async () => {
      const { ref, machine } = await newcomer(stand);
      const mine = ownership(freshRun(), fresh("claim"));
      const create = { ...until(stand), machine, claimId: mine.claimId, ownership: mine };
      done(await stand.instances.move("create", ref, create));
      const condemned = done(await stand.instances.move("condemn-gone", ref, { ...until(stand), reason }));
      expect(condemned).toMatchObject({ state: "terminating", lastOwner: mine.owner, reason });
      expect(condemned).not.toHaveProperty("owner");
      const kept = until(stand, limits.terminatedKeptMs);
      const ended = done(await stand.instances.move("confirm", ref, kept));
      expect(ended).toMatchObject({ state: "terminated", expiresAt: Math.ceil(kept.threshold / 1000) });
    });

    it("reads many at once, each once, and leaves out those that do not exist", async () => {
      const made = await Promise.all(Array.from({ length: 3 }, () => newcomer(stand)));
      for (const { ref, machine } of made)
        done(await stand.instances.move("create", ref, { ...until(stand), machine, claimId: fresh("claim") }));
      const keys = made.map(({ ref }) => ref.key);
      const absent = Array.from({ length: 130 }, (_, index) => `${keys[0]}${index}`);
      const { items, damaged } = await stand.instances.read([...keys, ...absent]);
      expect(items.map(({ key }) => key).sort()).toEqual(keys.sort());
      expect(damaged).toEqual([]);
    });

    it("finds the instances of a run, and none of another", async () => {
      const run = freshRun();
      const keys: string[] = [];
      for (let index = 0; index < 3; index++) {
        const { ref, machine } = await newcomer(stand);
        const mine = ownership(run, fresh("claim"));
        done(
          await stand.instances.move("create", ref, {
            ...until(stand),
            machine,
            claimId: mine.claimId,
            ownership: mine,
          }),
        );
        keys.push(ref.key);
      }
      const { items } = await stand.instances.ofGroup(runGroup(run));
      expect(items.map(({ key }) => key).sort()).toEqual(keys.sort());
      expect(items[0]).toMatchObject({
        owner: `github:run:${run}:1:provision`,
        state: "created",
        wanted: "serve",
        version: 1,
      });
      expect((await stand.instances.ofGroup(runGroup(freshRun()))).items).toEqual([]);
    });

    it("lists a pool's idle instances whose threshold lies far enough ahead", async () => {
      const partition = fresh("github:acme/pool");
      const [one, two] = [await idler(stand, partition), await idler(stand, partition)];
      const created = await newcomer(stand, partition);
      const create = { ...until(stand), machine: created.machine, claimId: fresh("claim") };
      done(await stand.instances.move("create", created.ref, create));
      const found = await stand.instances.idle(one.ref, stand.now());
      expect(found.items.map(({ key }) => key).sort()).toEqual([one.ref.key, two.ref.key].sort());
      expect(found.items[0]).toMatchObject({ state: "idle", cpu: 2, mmem: 8192, instanceType: "m5.large" });
      expect((await stand.instances.idle(one.ref, one.record.threshold)).items.map(({ key }) => key)).not.toContain(
        one.ref.key,
      );
      expect((await stand.instances.idle({ ...one.ref, architecture: "arm64" }, stand.now())).items).toEqual([]);
    });

    it("leaves out nothing that fits, however the wish for types is written", async () => {
      const { ref } = await idler(stand, fresh("github:acme/fitting"));
      const wishes = [[], ["m5.large"], ["m*"], ["*"], ["*.large"], ["m*.l*ge"], ["c*", "r6i.*", "m5*"]];
      for (const allowedTypes of wishes) {
        const fitting = { usageClass: "on-demand", minimum: { cpu: 2, mmem: 8192 }, allowedTypes } as const;
        const { items } = await stand.instances.idle(ref, stand.now(), fitting);
        expect([allowedTypes, items.map(({ key }) => key)]).toEqual([allowedTypes, [ref.key]]);
      }
    });

    it("lists every record and nothing else, and names damaged items without stopping", async (context) => {
      needs(kind, context, "an item may be damaged");
      const { ref } = await idler(stand);
      const broken = `${ref.key}0`;
      await stand.damage?.(broken, { instanceId: "i-0", state: "asleep" });
      const { items, damaged } = await stand.instances.all();
      expect(items.map(({ key }) => key)).toContain(ref.key);
      expect(items.every(({ key }) => key.startsWith("arn:"))).toBe(true);
      expect(damaged.map(({ key }) => key)).toContain(broken);
      expect(await stand.instances.read([ref.key, broken])).toMatchObject({
        items: [{ key: ref.key }],
        damaged: [{ key: broken }],
      });
      const params = { ...until(stand), reason };
      expect(await stand.instances.move("condemn-gone", { ...ref, key: broken }, params)).toMatchObject({
        kind: expect.stringMatching(/unknown|refused/),
      });
    });
  });
}
