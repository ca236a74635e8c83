# A PostgreSQL server that only the functions' security group reaches, over TLS.

locals {
  family = "postgres${split(".", var.postgres_version)[0]}"
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
  tags       = var.tags
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "PostgreSQL, for the functions only"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-database" })
}

resource "aws_vpc_security_group_ingress_rule" "functions" {
  # PostgreSQL from the functions
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.functions_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_vpc_security_group_egress_rule" "functions" {
  # PostgreSQL to the server
  security_group_id            = var.functions_security_group_id
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = local.family
  description = "TLS only"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  tags = var.tags

  lifecycle {
    # A new major version needs a new group while the old one is still in use.
    create_before_destroy = true
  }
}

# RDS would make it without retention, and leave it behind.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/rds/instance/${var.name}/postgresql"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_db_instance" "this" {
  # The log group before the first line.
  depends_on = [aws_cloudwatch_log_group.this]

  identifier            = var.name
  engine                = "postgres"
  engine_version        = var.postgres_version
  instance_class        = var.instance_class
  storage_type          = "gp3"
  allocated_storage     = var.storage_gb
  max_allocated_storage = var.max_storage_gb
  storage_encrypted     = true
  multi_az              = var.multi_az

  db_name  = var.database_name
  username = "edp"
  # In Secrets Manager, made and rotated by RDS: no password in the state.
  manage_master_user_password = true

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period         = var.backup_retention_days
  copy_tags_to_snapshot           = true
  deletion_protection             = var.deletion_protection
  skip_final_snapshot             = !var.final_snapshot
  final_snapshot_identifier       = "${var.name}-${formatdate("YYYYMMDDhhmmss", plantimestamp())}"
  delete_automated_backups        = true
  auto_minor_version_upgrade      = true
  apply_immediately               = true
  enabled_cloudwatch_logs_exports = ["postgresql"]

  tags = var.tags

  lifecycle {
    # RDS installs minor versions by itself. A snapshot is named after when its server was made: unique, and no change.
    ignore_changes = [engine_version, final_snapshot_identifier]
  }
}
