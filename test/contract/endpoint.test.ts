// The port contracts, over the AWS adapters on an AWS stand-in that is not ours: moto, or what RUNPOOL_CONTRACT_ENDPOINT names.
import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, it } from "vitest";
import { imageParameter } from "../../domain/class-keys.ts";
import { openAwsStand } from "./aws-stand.ts";
import { fleetContract } from "./fleet-contract.ts";
import { jumpingClock, place } from "./http-sim.ts";
import { instancesContract } from "./instances-contract.ts";
import { motoMissing, startMoto } from "./moto.ts";
import { ownInstanceContract } from "./own-instance-contract.ts";
import { poolContract } from "./pool-contract.ts";
import { settingsContract } from "./settings-contract.ts";
import type { Stand, StandKind } from "./stand.ts";

const ownTime = "its time is real, and a test does not wait for it";

/** The adapters' clock jumps; the endpoint's own time does not, and nothing compares the two. */
const openAt = (endpoint: string) => openAwsStand({ endpoint, place, clock: jumpingClock() });

const given = process.env["RUNPOOL_CONTRACT_ENDPOINT"];
const named: StandKind = {
  name: "the endpoint that RUNPOOL_CONTRACT_ENDPOINT names",
  lacks: { "its own time can be made to pass": ownTime },
  open: () => openAt(given ?? ""),
};

let started: ReturnType<typeof startMoto> | undefined;
afterAll(async () => {
  await (await started)?.stop();
});

async function openMoto(): Promise<Stand> {
  started ??= startMoto();
  const stand = await openAt((await started).url);
  return {
    ...stand,
    launchPlainly: async (count, tags) => {
      const command = new RunInstancesCommand({
        ImageId: await stand.fleet.image(imageParameter(stand.defaults.environment, "x64")),
        InstanceType: "m5.large",
        MinCount: count,
        MaxCount: count,
        TagSpecifications: [
          { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
        ],
      });
      const { Instances } = await stand.clients.ec2.send(command);
      return (Instances ?? []).map(({ InstanceId }) => InstanceId ?? "");
    },
  };
}

const moto: StandKind = {
  name: "moto",
  lacks: {
    "its own time can be made to pass": ownTime,
    "a conditional write is atomic": "moto's threads interleave between an UpdateItem's condition and its write",
    "instance requirements decide": "moto's CreateFleet ignores InstanceRequirements and fails without an InstanceType",
    "a client token answers with its first result": "moto's CreateFleet ignores ClientToken",
  },
  open: openMoto,
};

/** The reason stands for a whole implementation that is not here. */
function contracts(kind: StandKind, unavailable: string | undefined): void {
  if (unavailable !== undefined) {
    it(`all port contracts on ${kind.name}`, (context) => context.skip(unavailable));
    return;
  }
  instancesContract(kind);
  ownInstanceContract(kind);
  settingsContract(kind);
  poolContract(kind);
  fleetContract(kind);
}
contracts(moto, motoMissing());
contracts(named, given === undefined ? "RUNPOOL_CONTRACT_ENDPOINT is not set" : undefined);
