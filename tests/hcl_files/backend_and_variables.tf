# The root of a service: backend, providers, variables with rules.
terraform {
  required_version = ">= 1.5.0, < 2.0.0"

  backend "s3" {
    bucket       = "shop-state"
    key          = "orders/terraform.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true
  }

  required_providers {
    aws    = { source = "hashicorp/aws", version = "~> 5.0" }
    random = "~> 3.6" # the old form
  }
}

variable "sizes" {
  description = "Instances for each tier"
  type = map(object({
    count = optional(number, 1)
    kind  = string
  }))
  default = {
    web = { kind = "small" }
  }

  validation {
    condition     = alltrue([for size in values(var.sizes) : size.count >= 0])
    error_message = "A count is ${0} or more."
  }
}

variable "token" {
  type      = string
  sensitive = true
  nullable  = false
}
