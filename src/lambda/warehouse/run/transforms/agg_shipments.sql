-- Late: shipped 6 days after the order or later, and not delivered. Undelivered: neither shipped nor delivered,
-- 15 days after the order or later. By hand: psql -v as_of=2022-09-05 -f agg_shipments.sql
delete from analytics.agg_shipments where ingestion_date = :'as_of'::date;

insert into analytics.agg_shipments
select
  :'as_of'::date,
  count(*) filter (
    where shipments.shipment_date >= orders.order_date + 6 and shipments.delivery_date is null
  ),
  count(*) filter (
    where shipments.shipment_date is null
      and shipments.delivery_date is null
      and :'as_of'::date >= orders.order_date + 15
  )
from staging.shipments
join staging.orders on orders.order_id = shipments.order_id;
