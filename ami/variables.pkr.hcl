# What a bake is told; `runpool ami bake` fills it in. What differs between systems is in variants.json.
variable "variant" {
  type        = string
  description = "A name of variants.json."
}

variable "environment" {
  type        = string
  description = "The environment that the image is for: only that one's pipeline ever deletes it."
}

variable "region" {
  type = string
}

variable "payload" {
  type        = string
  description = "The folder that `runpool ami bake` put together: install scripts, spec, units, agent, table of sources."
}

variable "image_name" {
  type = string
}

variable "image_tags" {
  type        = map(string)
  description = "Tags of image and snapshots: versions, and when it was baked."
}

variable "manifest" {
  type        = string
  description = "Where Packer writes what it made."
}

variable "docker_for_jobs" {
  type        = bool
  default     = false
  description = "The job's user may use docker, which makes jobs root: such a machine serves one run."
}

variable "disk_gib" {
  type    = number
  default = 16
}

variable "kms_key_id" {
  type        = string
  default     = ""
  description = "A customer-managed key; AWS's own where it is empty."
}

variable "subnet_id" {
  type        = string
  default     = ""
  description = "Where to build; a subnet of the default VPC where it is empty."
}

variable "instance_profile" {
  type        = string
  default     = ""
  description = "Of the machine that is built on; where it is empty Packer makes one and takes it away."
}

variable "ssh_interface" {
  type        = string
  default     = "session_manager"
  description = "Through SSM no port is opened; public_ip or private_ip where SSM is out of reach."
}
