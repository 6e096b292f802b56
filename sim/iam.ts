// The embedded IAM: whether a role exists. Nothing else of it is asked by this system, and nothing is enforced.
import { required } from "./ec2/input.ts";
import { content } from "./ec2/xml.ts";
import type { Placed } from "./http/faults.ts";
import { AwsFault, type Service } from "./http/service.ts";

export interface Iam {
  readonly service: Service;
  /** Names of the roles that there are; spot's own is there at first. */
  readonly roles: Set<string>;
}

/** EC2 User Guide, "Service-linked role for Spot Instance requests". */
const spotRole = "AWSServiceRoleForEC2Spot";

export function iam({ clock, account }: Placed): Iam {
  const roles = new Set([spotRole]);
  const createdAt = new Date(clock.now()).toISOString();
  return {
    roles,
    service: async ({ action, input }) => {
      if (action !== "GetRole")
        throw new AwsFault("InvalidAction", `Could not find operation ${action} for version 2010-05-08`);
      const name = required(input, "RoleName");
      if (!roles.has(name)) throw new AwsFault("NoSuchEntity", `The role with name ${name} cannot be found.`, 404);
      const path = name === spotRole ? "/aws-service-role/spot.amazonaws.com/" : "/";
      return content({
        Role: {
          RoleName: name,
          Path: path,
          RoleId: `AROASIM${name.toUpperCase()}`,
          Arn: `arn:aws:iam::${account}:role${path}${name}`,
          CreateDate: createdAt,
        },
      });
    },
  };
}
