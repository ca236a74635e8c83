# A PostgreSQL server that exists already: its user and password go into a secret, which is all that a function is told.

locals {
  parts = regex("^postgres(?:ql)?://(?P<user>[^:@/]+):(?P<password>[^@/]+)@(?P<host>[^:/@?]+)(?::(?P<port>[0-9]+))?/(?P<name>[^/?]+)(?:[?].*)?$", var.url)

  # Terraform can't decode percent-encoding: these are the characters that a URL reserves.
  decoded = {
    "%21" = "!", "%23" = "#", "%24" = "$", "%25" = "%", "%26" = "&", "%2B" = "+", "%2F" = "/", "%3A" = ":",
    "%3D" = "=", "%3F" = "?", "%40" = "@", "%5B" = "[", "%5D" = "]",
  }
  pieces   = "%[0-9A-Fa-f]{2}|[^%]+"
  user     = join("", [for piece in regexall(local.pieces, local.parts.user) : lookup(local.decoded, upper(piece), piece)])
  password = join("", [for piece in regexall(local.pieces, local.parts.password) : lookup(local.decoded, upper(piece), piece)])
}

resource "aws_secretsmanager_secret" "this" {
  # A deleted secret keeps its name for a while.
  name_prefix             = "${var.name}-"
  description             = "User of the database ${var.name}"
  recovery_window_in_days = 0
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id     = aws_secretsmanager_secret.this.id
  secret_string = jsonencode({ username = local.user, password = local.password })
}
