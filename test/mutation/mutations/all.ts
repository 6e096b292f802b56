// All mistakes that `npm run mutate` makes.
import type { Mutation } from "../mutation.ts";
import { agentMutations } from "./agent.ts";
import { cloudMutations } from "./cloud.ts";
import { controlMutations } from "./control.ts";
import { domainMutations } from "./domain.ts";
import { entryMutations } from "./entry.ts";
import { hostMutations } from "./host.ts";
import { scriptsMutations } from "./scripts.ts";
import { stacksMutations } from "./stacks.ts";

export const mutations: readonly Mutation[] = [
  ...agentMutations,
  ...cloudMutations,
  ...controlMutations,
  ...domainMutations,
  ...entryMutations,
  ...hostMutations,
  ...scriptsMutations,
  ...stacksMutations,
];
