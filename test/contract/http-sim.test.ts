// The port contracts, over the AWS adapters on the embedded cloud's HTTP front door.
import { fleetContract } from "./fleet-contract.ts";
import { httpSim } from "./http-sim.ts";
import { instancesContract } from "./instances-contract.ts";
import { ownInstanceContract } from "./own-instance-contract.ts";
import { poolContract } from "./pool-contract.ts";
import { settingsContract } from "./settings-contract.ts";

instancesContract(httpSim);
ownInstanceContract(httpSim);
settingsContract(httpSim);
poolContract(httpSim);
fleetContract(httpSim);
