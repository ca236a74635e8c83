-- The role that `edp query` reads with. Where the owner may not create roles, queries run in a read-only transaction only.
do $$
begin
  if to_regrole('edp_reader') is null then
    begin
      create role edp_reader nologin;
    exception
      when insufficient_privilege then
        raise notice 'no role edp_reader: %', sqlerrm;
      -- Another database of the same server makes it at this moment.
      when duplicate_object or unique_violation then
        null;
    end;
  end if;
  if to_regrole('edp_reader') is not null then
    begin
      execute format('grant edp_reader to %I', current_user);
    exception
      when insufficient_privilege then
        raise notice 'edp_reader cannot be used: %', sqlerrm;
    end;
    grant usage on schema if_common, staging, analytics to edp_reader;
    grant select on all tables in schema if_common, staging, analytics to edp_reader;
    alter default privileges in schema if_common, staging, analytics grant select on tables to edp_reader;
  end if;
end
$$;
