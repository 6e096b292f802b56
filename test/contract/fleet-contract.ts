// The contract of `Fleet`, `Secrets` and `SecretFolder`: machines that fit, with their tags; ends that are harmless to repeat.
import { describe, expect, it } from "vitest";
import { poolManager, tags } from "../../domain/names.ts";
import type { LaunchOutcome, LaunchRequest } from "../../cloud/ports/fleet.ts";
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import { fresh } from "./newcomers.ts";
import { launchRequestOn } from "./requests.ts";
import { needs, useStand, type Stand, type StandKind } from "./stand.ts";

const answered = (outcome: LaunchOutcome | Unknown): LaunchOutcome => {
  if (outcome.kind !== "answered") throw new Error(outcome.problem);
  return outcome;
};
const unknownId = "i-0fedcba9876543210";

export function fleetContract(kind: StandKind): void {
  describe(`Fleet on ${kind.name}`, () => {
    let stand: Stand;
    useStand(kind, (opened) => {
      stand = opened;
    });

    const request = async (differs: Partial<LaunchRequest> = {}): Promise<LaunchRequest> =>
      launchRequestOn(stand, {
        count: 2,
        subnets: stand.defaults.subnets.slice(0, 2),
        tags: { [tags.manager]: poolManager, [tags.environment]: stand.defaults.environment, [tags.owner]: "someone" },
        ...differs,
      });

    const launch = async (count: number): Promise<readonly string[]> => {
      const wanted = await request({ count });
      if (stand.launchPlainly !== undefined) return stand.launchPlainly(count, wanted.tags);
      return answered(await stand.fleet.launch(wanted)).launched.map(({ instanceId }) => instanceId);
    };

    it("launches machines that meet the request, and says what they are", async (context) => {
      needs(kind, context, "instance requirements decide");
      const wanted = await request({ count: 3, allowedTypes: ["m*", "c*"] });
      const { launched, failures } = answered(await stand.fleet.launch(wanted));
      expect(failures).toEqual([]);
      expect(launched).toHaveLength(3);
      for (const { instanceType, cpu, mmem, zone, usageClass } of launched) {
        expect(instanceType).toMatch(/^[mc]/);
        expect([cpu >= 2, cpu <= 4, mmem >= 4096]).toEqual([true, true, true]);
        expect(wanted.subnets.map((subnet) => subnet.zone)).toContain(zone);
        expect(usageClass).toBe("on-demand");
      }
    });

    it("launches nothing in capacity pools to avoid, as long as there are others", async (context) => {
      needs(kind, context, "instance requirements decide");
      const { subnets } = await request();
      const [types, zone] = [["c5.large", "c6i.large"], subnets[0]?.zone ?? ""];
      const avoid = types.map((instanceType) => ({ instanceType, zone }));
      for (const allowedTypes of [types, ["c5.*", "c6i.large"]]) {
        const wanted = await request({ count: 4, allowedTypes, maximumCpu: 2, avoid });
        const { launched, failures } = answered(await stand.fleet.launch(wanted));
        expect(failures).toEqual([]);
        expect(launched.map((one) => one.zone)).toEqual(Array.from({ length: 4 }, () => subnets[1]?.zone));
      }
    });

    it("shows its machines with their tags, to those who ask by id and to those who ask for ours", async () => {
      const ids = await launch(2);
      const seen = await stand.fleet.describe([...ids, unknownId]);
      expect([...seen.keys()].sort()).toEqual([...ids].sort());
      for (const machine of seen.values())
        expect(machine).toMatchObject({
          state: expect.stringMatching(/pending|running/),
          launchedAt: expect.any(Number),
          tags: { [tags.owner]: "someone" },
        });
      const ours = await stand.fleet.ours();
      expect(ours.map(({ instanceId }) => instanceId)).toEqual(expect.arrayContaining([...ids]));
    });

    it("answers a client token with its first result, and launches nothing more", async (context) => {
      needs(kind, context, "a client token answers with its first result");
      const wanted = await request();
      const first = answered(await stand.fleet.launch(wanted));
      expect(answered(await stand.fleet.launch(wanted)).launched).toEqual(first.launched);
    });

    it("launches spot machines as such", async (context) => {
      needs(kind, context, "instance requirements decide");
      const { launched } = answered(await stand.fleet.launch(await request({ count: 1, usageClass: "spot" })));
      expect(launched.map(({ usageClass }) => usageClass)).toEqual(["spot"]);
    });

    it("tells that no type meets the request from having no capacity", async (context) => {
      needs(kind, context, "instance requirements decide");
      const impossible = await request({ allowedTypes: ["m5.24xlarge"] });
      const outcome = answered(await stand.fleet.launch(impossible));
      expect(outcome.launched).toEqual([]);
      expect(outcome.failures.map((failure) => failure.kind)).toEqual(["no-type"]);
    });

    it("ends machines, knows when they are gone, and takes unknown ids for ended", async () => {
      const ids = await launch(3);
      expect(await stand.fleet.terminate([...ids, unknownId])).toEqual(new Map());
      expect(await stand.fleet.terminate(ids)).toEqual(new Map());
      await stand.pass(300_000);
      const states = [...(await stand.fleet.describe(ids)).values()].map(({ state }) => state);
      expect(states.every((state) => state === "terminated" || state === "shutting-down")).toBe(true);
    });

    it("takes empty lists without asking anybody", async () => {
      expect(await stand.fleet.describe([])).toEqual(new Map());
      expect(await stand.fleet.terminate([])).toEqual(new Map());
    });
  });

  describe(`Secrets on ${kind.name}`, () => {
    let stand: Stand;
    useStand(kind, (opened) => {
      stand = opened;
    });

    it("keeps the last value that was written, with its time", async () => {
      const name = `/runpool/${fresh("secret")}/a`;
      expect(await stand.secrets.read(name)).toBeUndefined();
      await stand.secrets.write(name, "one");
      const first = await stand.secrets.read(name);
      expect(first?.value).toBe("one");
      await stand.pass(2_000);
      await stand.secrets.write(name, "two\nlines");
      const second = await stand.secrets.read(name);
      expect(second?.value).toBe("two\nlines");
      expect(second?.writtenAt).toBeGreaterThanOrEqual(first?.writtenAt ?? Infinity);
      expect(Math.abs((second?.writtenAt ?? 0) - stand.now())).toBeLessThan(60_000);
    });

    it("lists all of a folder, however deep and many, and of no other; what is removed is gone, once or twice", async () => {
      const folder = `/runpool/${fresh("folder")}`;
      // More than a page, or a call that deletes, takes.
      const names = Array.from({ length: 12 }, (_, at) => `${folder}/${at % 2 === 0 ? "a/" : ""}${at}`);
      for (const name of [...names, `${folder}s/none`]) await stand.secrets.write(name, "value");
      const seen = await stand.secretFolder.list(folder);
      expect(seen.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      for (const { writtenAt } of seen) expect(Math.abs(writtenAt - stand.now())).toBeLessThan(60_000);
      const [kept = "", ...others] = names;
      await stand.secretFolder.remove(others);
      await stand.secretFolder.remove(others);
      await stand.secretFolder.remove([]);
      expect((await stand.secretFolder.list(folder)).map(({ name }) => name)).toEqual([kept]);
      expect(await stand.secrets.read(`${folder}s/none`)).toBeDefined();
      expect(await stand.secretFolder.list(`${folder}/none`)).toEqual([]);
    });
  });
}
