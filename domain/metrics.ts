// Names of the metrics that runpool sends to CloudWatch: the lambda writes them, dashboards and alarms read them.

export const metricNamespace = "runpool";
/** The dimension that every metric has. */
export const environmentDimension = "Environment";

/** Each with its unit as CloudWatch names it. */
export const metrics = {
  /** Records by state, as refresh found them: dimension State, and State with ResourceClass where there are any. */
  instances: { name: "Instances", unit: "Count" },
  /** vCPUs of machines alive; dimension UsageClass. */
  vcpus: { name: "Vcpus", unit: "Count" },
  /** From launch to `registered`, of instances in their first assignment. */
  coldStart: { name: "ColdStart", unit: "Milliseconds" },
  /** Instances that serve a run: for the first time, or from the pool. */
  servingCold: { name: "ServingCold", unit: "Count" },
  servingWarm: { name: "ServingWarm", unit: "Count" },
  /** Past their threshold when refresh came. */
  pastThreshold: { name: "PastThreshold", unit: "Count" },
  /** Machines with our tags and without a record, ended by refresh. */
  leaked: { name: "Leaked", unit: "Count" },
  /** Runners at GitHub that nothing stood behind. */
  ghosts: { name: "GhostRunners", unit: "Count" },
  /** Idle instances whose pool message was lost. */
  requeued: { name: "Requeued", unit: "Count" },
  /** The oldest registration token. */
  tokenAge: { name: "TokenAge", unit: "Milliseconds" },
  problems: { name: "RefreshProblems", unit: "Count" },
  /** Pools for which no machine is created, since all that came before were lost on their way. */
  brakes: { name: "Brakes", unit: "Count" },
  /** From a provision's beginning to all of its instances registered. */
  timeToReady: { name: "TimeToReady", unit: "Milliseconds" },
  /** Its instances: new ones, and those of the pool. */
  created: { name: "InstancesCreated", unit: "Count" },
  reused: { name: "InstancesReused", unit: "Count" },
  /** Its claims that another provision won, or that came too late. */
  claimsLost: { name: "ClaimsLost", unit: "Count" },
  /** From a provision's beginning to its run's release, of all its instances. */
  instanceSeconds: { name: "InstanceSeconds", unit: "Seconds" },
  /** The same in dollars, an estimate (domain/prices.ts). */
  cost: { name: "RunCost", unit: "None" },
} as const;
export type Metric = keyof typeof metrics;
