# What the keys of a table and of its indexes demand of each other: src/topology/check-tables.ts.

locals {
  indexes = flatten([for one in local.things.tables : [
    for key, index in one.thing.indexes : { table = one.at, at = "${one.at}.indexes.${key}", key = key, index = index }
  ]])

  # Those of tables first.
  table_keys = concat(
    [for one in local.things.tables : { table = one.at, at = one.at, hash = one.thing.hashKey, range = one.thing.rangeKey }],
    [for one in local.indexes : { table = one.table, at = one.at, hash = one.index.hashKey, range = one.index.rangeKey }],
  )

  key_attributes = flatten([for one in local.table_keys : concat(
    [{ table = one.table, at = "${one.at}.hashKey", attribute = one.hash }],
    [for range in one.range[*] : { table = one.table, at = "${one.at}.rangeKey", attribute = range }],
  )])

  # Table -> attribute -> its types, that of its first key first.
  attribute_types = {
    for one in local.things.tables : one.at => {
      for other in local.key_attributes : other.attribute.name => other.attribute.type... if other.table == one.at
    }
  }

  table_faults = concat(
    [for one in local.table_keys : "${one.at}.rangeKey.name: ${one.range.name} is the hash key already" if try(one.range.name == one.hash.name, false)],
    [
      for one in local.key_attributes :
      "${one.at}.type: must be ${local.attribute_types[one.table][one.attribute.name][0]}, which ${one.attribute.name} is in another key"
      if one.attribute.type != local.attribute_types[one.table][one.attribute.name][0]
    ],
    [for one in local.things.tables : "${one.at}.indexes: has ${length(one.thing.indexes)} indexes, DynamoDB takes 20" if length(one.thing.indexes) > 20],
    [for one in local.indexes : "${one.at}: is too short: the name of an index has at least 3 characters" if length(one.key) < 3],
    [
      for one in local.things.tables : "${one.at}.ttlAttribute: ${one.thing.ttlAttribute} is the attribute of a key"
      if contains(keys(local.attribute_types[one.at]), coalesce(one.thing.ttlAttribute, "none of them:"))
    ],
  )
}
