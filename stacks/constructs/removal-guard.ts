// Refuses a deployment that would take away what a living instance stands on, before anything is changed.
import { DataResource, dependable, type TerraformStack } from "cdktf";
import type { Kept } from "../../domain/configuration.ts";
import { projectProgram } from "./destroy-guard.ts";
import type { Environment } from "../environment/environment.ts";
import { literal } from "../environment/literal.ts";

/**
 * To be called first: every other resource of the stack then depends on it. Its command runs whenever what is kept changes, and compares
 * it with what the table says is deployed. A failed command leaves the resource tainted, so the next deployment asks again.
 */
export function guardRemoval(stack: TerraformStack, environment: Environment, kept: Kept): DataResource {
  const { name, region, account } = environment;
  const place = new DataResource(stack, "place", {
    input: { at: `${account}/${region}` },
    // The first value remains: no role or policy knows two places, and Terraform would forget the resources of the first one.
    lifecycle: { ignoreChanges: ["input"] },
  });
  const text = literal(JSON.stringify(kept));
  return new DataResource(stack, "removal-guard", {
    triggersReplace: { kept: text },
    dependsOn: [place],
    lifecycle: {
      precondition: [
        {
          condition: `\${${dependable(place)}.output.at == "${account}/${region}"}`,
          errorMessage: `${name}: account, region: the environment is deployed in \${${dependable(place)}.output.at} (account/region), and cannot move: describe another one, with a name of its own, and destroy this one there once nobody uses it.`,
        },
      ],
    },
    provisioners: [
      {
        type: "local-exec",
        command: projectProgram("refuse-removal.ts", name, region),
        environment: { RUNPOOL_KEPT: text },
      },
    ],
  });
}
