// What an environment's file needs of things outside it: printed at synthesis, before a deployment fails.
import { credentialParameterOf } from "../../domain/configuration.ts";
import { stackNames } from "../arns.ts";
import type { Environment, Problem } from "./environment.ts";
import { provisionRoles } from "../policies/github-trust.ts";

export function adviceOf(environment: Environment): readonly Problem[] {
  const { name, forge } = environment;
  const advice: Problem[] = [];
  if (forge.enterprise !== undefined)
    advice.push([
      "forge.enterprise",
      `${credentialParameterOf(name, forge)} must hold a classic PAT of an enterprise owner with the scope "manage_runners:enterprise": GitHub lets no App and no fine-grained PAT register an enterprise's runners`,
    ]);
  const roles = provisionRoles(environment);
  if (roles.length > 1)
    advice.push([
      "forge.repositories",
      `make ${roles.length} roles, ${stackNames(name).provisionRole} to ${roles.at(-1)?.name}: the output provision_roles of ${name}-control says which repository takes which`,
    ]);
  return advice;
}
