// The parameters that hold AMI ids: written here where the id is given, by the AMI pipeline or by AWS otherwise.
import type { TerraformStack } from "cdktf";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter/index.js";
import { keptArchitectures } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import { imageParameterOf } from "../environment/operational.ts";

export function makeImageParameters(stack: TerraformStack, environment: Environment): void {
  for (const architecture of keptArchitectures(environment)) {
    const image = environment.images[architecture];
    if (image === undefined || !("id" in image)) continue;
    new SsmParameter(stack, `image-${architecture}`, {
      name: imageParameterOf(environment, architecture),
      type: "String",
      dataType: "aws:ec2:image",
      value: image.id,
    });
  }
}
