// The contract of `OwnInstance`: it watches and reports, and can neither create nor resurrect its record.
import { describe, expect, it } from "vitest";
import { signalOf } from "../../domain/agent-writes.ts";
import { limits } from "../../domain/limits.ts";
import { beat, done, fresh, freshRun, idler, newcomer, ownership, report, signs, until } from "./newcomers.ts";
import { needs, useStand, type Stand, type StandKind } from "./stand.ts";

const never = new AbortController().signal;

export function ownInstanceContract(kind: StandKind): void {
  describe(`OwnInstance on ${kind.name}`, () => {
    let stand: Stand;
    useStand(kind, (opened) => {
      stand = opened;
    });

    it("finds no record, and no write of its own makes one", async () => {
      const { ref, own } = await newcomer(stand);
      expect(await own.watch(undefined, stand.now(), signs, never)).toEqual({ kind: "none" });
      expect(await own.signal(signalOf("prepared", 0, stand.now()), {})).toEqual({
        kind: "refused",
        record: undefined,
      });
      expect((await stand.instances.read([ref.key])).items).toEqual([]);
    });

    it("sees the record as soon as there is one", async () => {
      const { ref, machine, own } = await newcomer(stand);
      const create = { ...until(stand), machine, claimId: fresh("claim") };
      done(await stand.instances.move("create", ref, create));
      const sight = await own.watch(undefined, stand.now() + 60_000, signs, never);
      expect(sight).toMatchObject({ kind: "record", record: { key: ref.key, version: 1 } });
    });

    it("returns from a watch when the record has changed, long before its time", async () => {
      const { ref, record, own } = await idler(stand);
      const mine = ownership(freshRun(), fresh("claim"));
      const until30 = stand.now() + 30_000;
      const [sight] = await Promise.all([
        own.watch(record.version, until30, signs, never),
        stand.instances.move("claim", ref, { ...until(stand), ownership: mine }),
      ]);
      expect(sight).toMatchObject({ kind: "record", record: { owner: mine.owner } });
    });

    it("gives the last sight when its time is over, and when it is woken", async () => {
      const { record, own } = await idler(stand);
      expect(await own.watch(record.version, stand.now() + 10, signs, never)).toMatchObject({
        kind: "record",
        record: { version: record.version },
      });
      const wake = new AbortController();
      const watching = own.watch(record.version, stand.now() + 3_600_000, signs, wake.signal);
      wake.abort();
      expect(await watching).toMatchObject({ kind: "record", record: { version: record.version } });
    });

    it("writes a heartbeat with its vital signs while it watches, without changing the version", async () => {
      const { ref, record, own } = await idler(stand);
      const before = stand.now();
      await own.watch(record.version, before + 2 * limits.heartbeatMs, () => ({ ...signs(), busy: true }), never);
      const [now] = (await stand.instances.read([ref.key])).items;
      expect(now).toMatchObject({ version: record.version, ...signs(), busy: true });
      expect(now?.heartbeatAt).toBeGreaterThan(before);
    });

    it("lets signals of an assignment only move forward, and knows its own when it tries again", async () => {
      const { ref, machine, own } = await newcomer(stand);
      const create = { ...until(stand), machine, claimId: fresh("claim") };
      const record = done(await stand.instances.move("create", ref, create));
      const registered = await report(stand, own, "registered", record.assignment);
      const late = await own.signal(signalOf("registering", record.assignment, stand.now()), registered);
      expect(late).toMatchObject({ kind: "refused", record: { signal: { kind: "registered" } } });
      const last = signalOf("deregistered", record.assignment, stand.now(), { detail: "asked to" });
      // What the machine reads at that moment goes with its word.
      const vitals = { listener: "none", jobs: 3, diskFree: 0.05 } as const;
      expect(await own.signal(last, registered, vitals)).toMatchObject({
        kind: "written",
        record: { signal: last, vitals },
      });
      expect(await own.signal(last, registered)).toMatchObject({ kind: "written", record: { signal: last } });
    });

    it("writes a signal only on the one that it was decided upon: what outlives its agent does not land on what the next one has said", async () => {
      const { ref, machine, own } = await newcomer(stand);
      const create = { ...until(stand), machine, claimId: fresh("claim") };
      const record = done(await stand.instances.move("create", ref, create));
      const judged = await report(stand, own, "registering", record.assignment);
      // The next agent makes the standing signal its own; then the earlier one's last write comes in.
      const again = signalOf("registering", record.assignment, (judged.signal?.at ?? 0) + 1);
      expect(await own.signal(again, judged)).toMatchObject({ kind: "written", record: { signal: again } });
      const failed = signalOf("register-failed", record.assignment, stand.now(), {
        cause: "refused",
        detail: "by GitHub",
      });
      expect(await own.signal(failed, judged)).toMatchObject({ kind: "refused", record: { signal: again } });
      expect(await own.signal(failed, {})).toMatchObject({ kind: "refused" });
      expect(await own.beginRegistering(again, { ...judged, version: record.version })).toMatchObject({
        kind: "written",
      });
      const other = signalOf("registering", record.assignment, again.at + 1);
      expect(await own.beginRegistering(other, { ...judged, version: record.version })).toMatchObject({
        kind: "refused",
      });
      expect(await own.signal(failed, { signal: again })).toMatchObject({
        kind: "written",
        record: { signal: failed },
      });
    });

    it("begins to register only on the version that it judged by", async () => {
      const { ref, machine, own } = await newcomer(stand);
      const mine = ownership(freshRun(), fresh("claim"));
      const create = { ...until(stand), machine, claimId: mine.claimId, ownership: mine };
      const judged = done(await stand.instances.move("create", ref, create));
      const byClaim = { by: "claim", owner: mine.owner, claimId: mine.claimId } as const;
      done(await stand.instances.move("ask-to-leave", ref, { now: stand.now(), own: byClaim }));
      const signal = signalOf("registering", judged.assignment, stand.now());
      expect(await own.beginRegistering(signal, judged)).toMatchObject({
        kind: "refused",
        record: { wanted: "leave", version: judged.version + 1 },
      });
      const [now] = (await stand.instances.read([ref.key])).items;
      if (now === undefined) throw new Error("no record");
      expect(await own.beginRegistering(signal, now)).toMatchObject({ kind: "written", record: { signal } });
    });

    it("retires or is claimed, never both", async (context) => {
      needs(kind, context, "a conditional write is atomic");
      const { ref, record, own } = await idler(stand);
      const mine = ownership(freshRun(), fresh("claim"));
      const [claim, retirement] = await Promise.all([
        stand.instances.move("claim", ref, { ...until(stand), ownership: mine }),
        own.retire(stand.now(), record),
      ]);
      expect([claim.kind === "done", retirement.kind === "written"].filter(Boolean)).toHaveLength(1);
    });

    it("stays retired: no claim, no heartbeat, and the retiring again is found done", async () => {
      const { ref, record, own } = await idler(stand);
      const at = stand.now();
      expect(await own.retire(at, record)).toMatchObject({ kind: "written", record: { retiredAt: at } });
      expect(await own.retire(at, record)).toMatchObject({ kind: "written" });
      const [before] = (await stand.instances.read([ref.key])).items;
      await beat(stand, own, record.version);
      const [after] = (await stand.instances.read([ref.key])).items;
      expect(after?.heartbeatAt).toBe(before?.heartbeatAt);
      const mine = ownership(freshRun(), fresh("claim"));
      expect(await stand.instances.move("claim", ref, { ...until(stand), ownership: mine })).toMatchObject({
        kind: "refused",
        why: "not retired",
      });
    });
  });
}
