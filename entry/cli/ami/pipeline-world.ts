// The pipeline's world on AWS: images and their parameters.
import { EC2Client } from "@aws-sdk/client-ec2";
import { SSMClient } from "@aws-sdk/client-ssm";
import { clientOptions } from "../../../cloud/aws/client-options.ts";
import { launchReader } from "../../../cloud/aws/doctor-launch.ts";
import { imageParameters } from "../../../cloud/aws/image-parameters.ts";
import { images } from "../../../cloud/aws/images.ts";
import type { LaunchReader } from "../../../cloud/ports/doctor.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import type { PruneWorld } from "../../../control/operate/images/prune.ts";
import { hostClock } from "../../host-clock.ts";

export function pipelineWorld(region: string, log: Log): PruneWorld & { readonly launch: LaunchReader } {
  const ec2 = new EC2Client({ region, ...clientOptions("ec2", process.env) });
  const ssm = new SSMClient({ region, ...clientOptions("other", process.env) });
  return {
    images: images(ec2, ssm),
    launch: launchReader(ec2, ssm),
    parameters: imageParameters(ssm),
    clock: hostClock,
    log,
  };
}
