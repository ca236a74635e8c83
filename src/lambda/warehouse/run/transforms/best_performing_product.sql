-- The product with the most review points (ties: the lowest id), the day it was ordered most (ties: the earliest), and
-- how its orders were shipped, in percent of all its orders. Of several shipments of one order the earliest counts.
-- By hand: psql -v as_of=2022-09-05 -f best_performing_product.sql
delete from analytics.best_performing_product where ingestion_date = :'as_of'::date;

insert into analytics.best_performing_product
with best as (
  select
    product_id,
    sum(review) as points,
    round(100.0 * count(*) filter (where review = 1) / count(*), 2) as one,
    round(100.0 * count(*) filter (where review = 2) / count(*), 2) as two,
    round(100.0 * count(*) filter (where review = 3) / count(*), 2) as three,
    round(100.0 * count(*) filter (where review = 4) / count(*), 2) as four,
    round(100.0 * count(*) filter (where review = 5) / count(*), 2) as five
  from staging.reviews
  where review is not null
  group by product_id
  order by points desc, product_id
  limit 1
),
best_orders as (
  select orders.order_id, orders.order_date
  from staging.orders
  join best on best.product_id = orders.product_id
),
busiest as (
  select order_date
  from best_orders
  where order_date is not null
  group by order_date
  order by count(*) desc, order_date
  limit 1
),
first_shipments as (
  select distinct on (shipments.order_id)
    shipments.order_id, shipments.shipment_date, shipments.delivery_date, best_orders.order_date
  from staging.shipments
  join best_orders on best_orders.order_id = shipments.order_id
  order by shipments.order_id, shipments.shipment_date nulls last, shipments.shipment_id
),
shipped as (
  select
    count(*) filter (where shipment_date < order_date + 6 or delivery_date is not null) as early,
    count(*) filter (where shipment_date >= order_date + 6 and delivery_date is null) as late,
    count(*) filter (
      where shipment_date is null and delivery_date is null and :'as_of'::date >= order_date + 15
    ) as undelivered
  from first_shipments
),
ordered as (
  select nullif(count(*), 0) as orders from best_orders
)
select
  :'as_of'::date,
  best.product_id,
  (
    select dim_products.product_name
    from if_common.dim_products
    where dim_products.product_id = best.product_id
    order by dim_products.line_no
    limit 1
  ),
  busiest.order_date,
  (
    select dim_dates.day_of_the_week_num between 1 and 5 and not dim_dates.working_day
    from if_common.dim_dates
    where dim_dates.calendar_dt = busiest.order_date
    limit 1
  ),
  best.points,
  best.one,
  best.two,
  best.three,
  best.four,
  best.five,
  round(100.0 * shipped.early / ordered.orders, 2),
  round(100.0 * shipped.late / ordered.orders, 2),
  round(100.0 * shipped.undelivered / ordered.orders, 2)
from best
cross join shipped
cross join ordered
left join busiest on true;
