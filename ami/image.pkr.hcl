# One image: builds on a spot instance without open ports, checks the result against the spec, and only then takes the snapshot.
locals {
  variant = jsondecode(file("${path.root}/variants.json"))[var.variant]
  remote  = "/tmp/runpool-payload"
  build_tags = {
    Name                  = "build of ${var.image_name}"
    "runpool:environment" = var.environment
    "runpool:build"       = var.environment
  }
}

source "amazon-ebs" "image" {
  region          = var.region
  ami_name        = var.image_name
  ami_description = "runpool ${var.variant}"

  source_ami_filter {
    owners      = local.variant.owners
    filters     = local.variant.filters
    most_recent = true
  }

  # Spot; with several types, so that one pool without capacity does not end the build.
  spot_price          = "auto"
  spot_instance_types = local.variant.instanceTypes
  subnet_id           = var.subnet_id
  shutdown_behavior   = "terminate"

  # Instance metadata version 2 while it is built, and for every instance of the image.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  imds_support = "v2.0"

  # Encrypted from the first write: no copy of the snapshot at the end. Packer 1.6 wants iops said; they are gp3's own.
  launch_block_device_mappings {
    device_name           = local.variant.device
    volume_type           = "gp3"
    volume_size           = var.disk_gib
    iops                  = 3000
    throughput            = 250
    encrypted             = true
    kms_key_id            = var.kms_key_id
    delete_on_termination = true
  }

  communicator  = local.variant.communicator
  ssh_username  = local.variant.user
  ssh_interface = var.ssh_interface
  ssh_timeout   = "10m"

  # With a profile of the environment's stacks the caller need not make roles; without one Packer makes one and takes it away,
  # with what the SSM agent of the build instance needs for a session, and nothing else.
  iam_instance_profile = var.instance_profile
  dynamic "temporary_iam_instance_profile_policy_document" {
    for_each = var.instance_profile == "" ? [1] : []
    content {
      Version = "2012-10-17"
      Statement {
        Effect = "Allow"
        Action = [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = ["*"]
      }
    }
  }

  tags          = var.image_tags
  snapshot_tags = var.image_tags
  # By these alone the pipeline's role knows what it may change and end (stacks/policies/image-policy.ts).
  run_tags  = local.build_tags
  spot_tags = local.build_tags
}

build {
  sources = ["source.amazon-ebs.image"]

  provisioner "shell" {
    # The package system is cloud-init's until it has finished.
    inline = ["cloud-init status --wait >/dev/null 2>&1 || true", "mkdir -p ${local.remote}"]
  }

  provisioner "file" {
    source      = "${var.payload}/"
    destination = local.remote
  }

  provisioner "shell" {
    inline = ["sudo RUNPOOL_DOCKER_FOR_JOBS=${var.docker_for_jobs} bash ${local.remote}/install/all.sh"]
  }

  # After the clean-up, as the last thing: an image that is not as it should be is never made.
  provisioner "shell" {
    inline = ["sudo bash /usr/lib/runpool/spec/check.sh image"]
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
  }
}
