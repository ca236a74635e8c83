-- What is loaded: line_no is the line of the file that a row begins in, counted from 1 with the header.
create table staging.orders (
  line_no     integer,
  order_id    bigint,
  customer_id bigint,
  order_date  date,
  product_id  bigint,
  unit_price  numeric,
  quantity    integer,
  total_price numeric
);

create table staging.reviews (
  line_no    integer,
  review     smallint,
  product_id bigint
);

create table staging.shipments (
  line_no       integer,
  shipment_id   bigint,
  order_id      bigint,
  shipment_date date,
  delivery_date date
);

-- Rows that were refused by the run whose rows the tables above hold.
create table staging.rejects (
  run_id      text not null,
  file        text not null,
  line        integer not null,
  column_name text not null,
  code        text not null,
  reason      text not null,
  raw         text not null
);

create table if_common.dim_dates (
  line_no               integer,
  calendar_dt           date,
  year_num              integer,
  month_of_the_year_num integer,
  day_of_the_month_num  integer,
  day_of_the_week_num   integer,
  working_day           boolean
);

create table if_common.dim_products (
  line_no          integer,
  product_id       bigint,
  product_category text,
  product_name     text
);

create table if_common.dim_customers (
  line_no       integer,
  customer_id   bigint,
  customer_name text,
  postal_code   text
);

create table if_common.dim_addresses (
  line_no     integer,
  postal_code text,
  country     text,
  region      text,
  state       text,
  address     text
);

create table analytics.agg_public_holiday (
  ingestion_date   date primary key,
  tt_order_hol_jan integer not null,
  tt_order_hol_feb integer not null,
  tt_order_hol_mar integer not null,
  tt_order_hol_apr integer not null,
  tt_order_hol_may integer not null,
  tt_order_hol_jun integer not null,
  tt_order_hol_jul integer not null,
  tt_order_hol_aug integer not null,
  tt_order_hol_sep integer not null,
  tt_order_hol_oct integer not null,
  tt_order_hol_nov integer not null,
  tt_order_hol_dec integer not null
);

create table analytics.agg_shipments (
  ingestion_date       date primary key,
  tt_late_shipments    integer not null,
  tt_undelivered_items integer not null
);

create table analytics.best_performing_product (
  ingestion_date            date primary key,
  product_id                bigint not null,
  product_name              text,
  most_ordered_day          date,
  is_public_holiday         boolean,
  tt_review_points          integer not null,
  pct_one_star_review       numeric(5, 2),
  pct_two_star_review       numeric(5, 2),
  pct_three_star_review     numeric(5, 2),
  pct_four_star_review      numeric(5, 2),
  pct_five_star_review      numeric(5, 2),
  pct_early_shipments       numeric(5, 2),
  pct_late_shipments        numeric(5, 2),
  pct_undelivered_shipments numeric(5, 2)
);
