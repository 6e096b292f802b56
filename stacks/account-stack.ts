// What an account needs once, whatever number of environments it has: GitHub's OIDC provider, spot's role, grants to disks' keys.
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider/index.js";
import { IamServiceLinkedRole } from "@cdktf/provider-aws/lib/iam-service-linked-role/index.js";
import { KmsGrant } from "@cdktf/provider-aws/lib/kms-grant/index.js";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider/index.js";
import type { Environment } from "./environment/environment.ts";
import { oidcIssuer } from "./policies/github-trust.ts";
import { keepState, widenVersions } from "./constructs/ground.ts";

const accountStackName = (account: string): string => `account-${account}`;

/** EC2 User Guide, "Service-linked role for Spot Instance requests": what spot launches need of a key. */
const grantedToSpot = [
  "CreateGrant",
  "Decrypt",
  "DescribeKey",
  "Encrypt",
  "GenerateDataKeyWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
];

const providerId = (issuer: string): string => `oidc-${issuer.replaceAll(/[^A-Za-z0-9]+/g, "-")}`;

/**
 * What is given now this stack may have made before: Terraform then forgets it, and does not delete what every role of the account trusts
 * (Terraform documentation, "Removed blocks", from 1.7 on; an older one refuses the stack).
 */
function leaveThere(stack: TerraformStack, addresses: readonly string[]): void {
  if (addresses.length === 0) return;
  stack.addOverride("terraform.required_version", ">= 1.7.0");
  stack.addOverride(
    "removed",
    addresses.map((from) => ({ from, lifecycle: [{ destroy: false }] })),
  );
}

/** `environments`: those of one account. Nothing is made where all is given. */
export function accountStack(scope: Construct, environments: readonly Environment[]): TerraformStack | undefined {
  const [first] = environments;
  if (first === undefined) return undefined;
  const { account, awsPartition } = first;
  const issuers = new Set(
    environments.filter(({ given }) => given.oidcProviderArn === undefined).map(({ forge }) => oidcIssuer(forge)),
  );
  const makesSpotRole = environments.every(({ given }) => given.spotServiceRole !== true);
  const keys = new Map(
    environments.flatMap(({ kmsKeyArn, region }) => (kmsKeyArn === undefined ? [] : [[kmsKeyArn, region]])),
  );
  if (issuers.size === 0 && !makesSpotRole && keys.size === 0) return undefined;

  const stack = new TerraformStack(scope, accountStackName(account));
  new AwsProvider(stack, "aws", { region: first.region, allowedAccountIds: [account] });
  widenVersions(stack);
  // In a bucket as soon as one of its environments keeps its state in one.
  keepState(stack, (environments.find(({ state }) => state.kind === "s3") ?? first).state);

  for (const issuer of issuers)
    new IamOpenidConnectProvider(stack, providerId(issuer), {
      url: `https://${issuer}`,
      clientIdList: ["sts.amazonaws.com"],
    });
  const givenIssuers = new Set(environments.map(({ forge }) => oidcIssuer(forge)).filter((one) => !issuers.has(one)));
  leaveThere(stack, [
    ...[...givenIssuers].map((issuer) => `${IamOpenidConnectProvider.tfResourceType}.${providerId(issuer)}`),
    ...(makesSpotRole ? [] : [`${IamServiceLinkedRole.tfResourceType}.spot`]),
  ]);
  const spotRole = makesSpotRole
    ? new IamServiceLinkedRole(stack, "spot", { awsServiceName: "spot.amazonaws.com" }).arn
    : `arn:${awsPartition}:iam::${account}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot`;
  const elsewhere = new Map<string, AwsProvider>();
  for (const [at, [keyId, region = first.region]] of [...keys].entries()) {
    if (region !== first.region && !elsewhere.has(region))
      elsewhere.set(
        region,
        new AwsProvider(stack, `aws-${region}`, { region, alias: region, allowedAccountIds: [account] }),
      );
    const provider = elsewhere.get(region);
    new KmsGrant(stack, `spot-disks-${at + 1}`, {
      keyId,
      granteePrincipal: spotRole,
      operations: grantedToSpot,
      ...(provider === undefined ? {} : { provider }),
    });
  }
  return stack;
}
