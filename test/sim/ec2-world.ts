// The embedded EC2, SSM and STS behind the real front door, under a clock that a test moves, with the real SDK clients on it.
import type { CreateFleetCommandInput, FleetLaunchTemplateOverridesRequest } from "@aws-sdk/client-ec2";
import { CreateFleetCommand, CreateLaunchTemplateCommand } from "@aws-sdk/client-ec2";
import type { RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import { STSClient } from "@aws-sdk/client-sts";
import { onTestFinished } from "vitest";
import { chance } from "../../sim/chance.ts";
import { anyCredentials, embeddedCloud } from "../../sim/embedded-cloud.ts";
import { manualClock } from "./manual-clock.ts";

const account = "123456789012";
const region = "us-east-1";

export async function openWorld() {
  const clock = manualClock(Date.UTC(2026, 0, 5, 9));
  const aws = await embeddedCloud({ clock, chance: chance("ec2 test"), region, account });
  const { door, parameters, machines: cloud } = aws;
  const { ec2, ssm } = aws.clients;
  const sts = new STSClient({ region, endpoint: door.url, credentials: anyCredentials, maxAttempts: 1 });
  const clients = { ec2, ssm, sts };
  onTestFinished(async () => {
    sts.destroy();
    await aws.close();
  });
  const imageId = cloud.addImage({ name: "runner-x64", architecture: "x86_64" });

  /** A template of the given name, with the x64 image and whatever else is given. */
  async function template(name: string, data: RequestLaunchTemplateData = {}): Promise<string> {
    const made = await clients.ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: name,
        LaunchTemplateData: { ImageId: imageId, ...data },
      }),
    );
    return made.LaunchTemplate?.LaunchTemplateId ?? "";
  }

  /** An instant fleet of `count` from the template `pool`, of `large` machines unless the overrides say otherwise. */
  const fleet = (
    count: number,
    overrides: FleetLaunchTemplateOverridesRequest[] = [{ InstanceType: "c6i.large" }],
    more: Partial<CreateFleetCommandInput> = {},
  ) =>
    clients.ec2.send(
      new CreateFleetCommand({
        Type: "instant",
        LaunchTemplateConfigs: [
          { LaunchTemplateSpecification: { LaunchTemplateName: "pool", Version: "$Latest" }, Overrides: overrides },
        ],
        TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: "on-demand" },
        ...more,
      }),
    );

  return { clock, cloud, parameters, door, imageId, template, fleet, ...clients };
}

/** The target of a fleet of spot machines. */
export const spot = (count: number): Partial<CreateFleetCommandInput> => ({
  TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: "spot" },
});
