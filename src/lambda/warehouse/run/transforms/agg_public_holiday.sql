-- Orders per month placed on a public holiday, in the twelve months up to and including the as-of date.
-- A public holiday is a working day of the week (1-5) on which nobody works.
-- By hand: psql -v as_of=2022-09-05 -f agg_public_holiday.sql
delete from analytics.agg_public_holiday where ingestion_date = :'as_of'::date;

insert into analytics.agg_public_holiday
select
  :'as_of'::date,
  count(*) filter (where extract(month from orders.order_date) = 1),
  count(*) filter (where extract(month from orders.order_date) = 2),
  count(*) filter (where extract(month from orders.order_date) = 3),
  count(*) filter (where extract(month from orders.order_date) = 4),
  count(*) filter (where extract(month from orders.order_date) = 5),
  count(*) filter (where extract(month from orders.order_date) = 6),
  count(*) filter (where extract(month from orders.order_date) = 7),
  count(*) filter (where extract(month from orders.order_date) = 8),
  count(*) filter (where extract(month from orders.order_date) = 9),
  count(*) filter (where extract(month from orders.order_date) = 10),
  count(*) filter (where extract(month from orders.order_date) = 11),
  count(*) filter (where extract(month from orders.order_date) = 12)
from staging.orders
join if_common.dim_dates on dim_dates.calendar_dt = orders.order_date
where dim_dates.day_of_the_week_num between 1 and 5
  and not dim_dates.working_day
  and orders.order_date > :'as_of'::date - interval '12 months'
  and orders.order_date <= :'as_of'::date;
