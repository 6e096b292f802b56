// The parameters that hold AMI ids: written here where the id is given, by the AMI pipeline or by AWS otherwise.
import type { TerraformStack } from "cdktf";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter/index.js";
import type { Environment } from "../environment/environment.ts";
import { imagesOf } from "../environment/operational.ts";

export function makeImageParameters(stack: TerraformStack, environment: Environment): void {
  for (const { resourceClass, architecture, parameter, id } of imagesOf(environment)) {
    if (id === undefined) continue;
    new SsmParameter(stack, `image-${resourceClass === undefined ? "" : `${resourceClass}-`}${architecture}`, {
      name: parameter,
      type: "String",
      dataType: "aws:ec2:image",
      value: id,
    });
  }
}
