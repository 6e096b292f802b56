# Packer's plugins; `packer init` fetches these very versions and checks them by the publisher's checksums. In a file of its own: Packer before 1.7 does not know this block.
packer {
  required_version = ">= 1.9.0"
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "1.8.0"
    }
  }
}
