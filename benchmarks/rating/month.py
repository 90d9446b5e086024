"""A month of an operator, as large as asked: 55 % data, 25 % messages, 20 % calls.

Written with DuckDB, so that ten million records take seconds; the same size gives the same
files. October 2026, one Parquet file per day, about 100 records per subscriber:

- 12,000 nested prefixes in 250 zones, some of which change zone in the month;
- 12 plans with some 4,000 dated rates, day, evening and weekend bands, fees and increments;
- up to four allowances per subscription and service, by priority, some with rollover, some too
  small; one account in ten shares its pool among three subscriptions;
- 3 % roaming in both directions, 0.5 % duplicates, partial calls, unanswered calls, unknown
  numbers, graduated tiers on the calls of one plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import yaml

FIRST_DAY = "2026-10-01"
DAYS = 31
BILL_DATE = "2026-11-01"
RECORDS_PER_SUBSCRIBER = 100
PLANS = 12
ZONES = 250

OPERATOR = {
    "operator": {
        "id": "month",
        "legal_name": "Month Mobile SAS",
        "address": {
            "street": "1 rue de la Paix",
            "postal_code": "75002",
            "city": "Paris",
            "region": None,
            "country": "FR",
        },
        "registration": "RCS Paris 000 000 000",
        "vat_number": "FR00000000000",
        "currency": "EUR",
        "time_zone": "Europe/Paris",
        "language": "fr",
        "prices_include_tax": False,
        "numbering": {"country_code": "33", "national_prefix": "0", "international_prefix": "00"},
        "support": {"email": "help@example.com", "phone": "3900", "url": "https://example.com"},
        "bank": {"iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
    },
    "billing": {
        "cycle_days": [1],
        "payment_terms_days": 14,
        "invoice_number": "F{year}-{sequence:08d}",
        "credit_note_number": "A{year}-{sequence:08d}",
        "first_period": "2026-10-01",
        "lookback_periods": 3,
        "day_count": "actual",
        "late_usage_max_days": 365,
        "minimum_invoice": "0.00",
        "suspect": {"times_usual": 0, "minimum": "0.00", "zero_after": "0.00"},
        "late_fee": {"percent": 0, "amount": 0, "after_days": 30, "tax_category": None},
    },
    "rating": {"band_crossing": "split", "mask_digits": 4},
    "mediation": {"max_voice_hours": 24, "max_data_gigabytes": 1000},
    "feeds": [{"name": "core", "format": "billhouse", "path": "cdr/core"}],
}

# `{s}`: number of subscriptions; `h(i, salt)` is a number that looks drawn by lot.
REFERENCE = {
    "ratebook/products": """
        select 'plan' || p as product_id, 'Plan ' || p as name, 'plan' as kind, 'advance' as charge,
            cast(5 + p as decimal(9, 2)) as price, 'standard' as tax_category,
            'card' || p as rate_card_id, null as minimum_spend, null as spend_cap
        from range(1, 13) as plans (p)
        union all
        select 'extra' || e, 'Option ' || e, 'option', 'advance', 3.00, 'standard',
            case when e = 1 then 'abroad' end, null, null
        from range(1, 4) as extras (e)""",
    "ratebook/allowances": """
        select 'min' || p as allowance_id, 'plan' || p as product_id, 'Minutes' as name,
            'voice' as service, 30 + 15 * p as quantity, 'minute' as unit, 60 as increment,
            10 as priority, case when p in (11, 12) then 'account' else 'subscription' end as scope,
            'national;mobile' as zones, 'home' as visited_zones,
            case when p in (5, 6) then 1 else 0 end as rollover_periods, 'true' as prorate
        from range(1, 13) as plans (p)
        union all
        select 'sms' || p, 'plan' || p, 'Messages', 'sms', case when p < 6 then 40 end, 'message', 1, 10,
            'subscription', '*', 'home', 0, 'false'
        from range(1, 13) as plans (p)
        union all
        select 'data' || p, 'plan' || p, 'Data', 'data', 200 + p * 100, 'mb', 1, 10,
            case when p in (11, 12) then 'account' else 'subscription' end, '*', 'home;eu',
            case when p in (5, 6) then 1 else 0 end, 'true'
        from range(1, 13) as plans (p)
        union all
        select 'more' || e, 'extra' || e, 'More', 'data', 100 * e, 'mb', 1024, 20 + e,
            'subscription', '*', '*', 0, 'true'
        from range(1, 4) as extras (e)
        union all
        select 'talk' || e, 'extra' || e, 'Talk', 'voice', 30, 'minute', 1, 5,
            'subscription', '*', '*', 0, 'true'
        from range(1, 4) as extras (e)""",
    "ratebook/rates": """
        select 'card' || p as rate_card_id, 'voice' as service, 'originating' as direction,
            'home' as visited_zone, zone, band,
            cast((10 + h(z * 40 + p, 1) % 150) * (case band when 'day' then 10 when 'evening' then 7 else 5 end)
                as decimal(12, 4)) / 1000 as price,
            60 as per, 'second' as unit, cast((h(z, 2) % 2) * 0.05 as decimal(4, 2)) as connection_fee,
            case (p + z) % 3 when 0 then 60 when 1 then 60 else 30 end as first_increment,
            case (p + z) % 3 when 0 then 60 when 1 then 1 else 6 end as next_increment,
            0 as tier_from, valid_from, valid_to
        from range(1, 13) as plans (p)
        cross join zones
        cross join (values ('day'), ('evening'), ('weekend')) as bands (band)
        cross join (values (null, '2026-10-11'), ('2026-10-11', null)) as spans (valid_from, valid_to)
        where (z < 40 or band = 'day') and (z % 10 = 0 or valid_from is null)
            and not (p = 12 and zone = 'mobile')
        union all
        select 'card' || p, 'voice', 'originating', 'home', '*', '*', 0.90, 60, 'second', 0, 60, 60, 0, null, null
        from range(1, 13) as plans (p)
        union all
        select 'card12', 'voice', 'originating', 'home', 'mobile', '*', price, 60, 'second', 0, 60, 60, tier, null, null
        from (values (0.20, 0), (0.15, 1800), (0.10, 5400)) as tiers (price, tier)
        union all
        select 'card' || p, service, 'originating', visited, '*', '*', price, per, unit, 0, inc, inc, 0, null, null
        from range(1, 13) as plans (p)
        cross join (values
            ('sms', 'home', 0.09, 1, 'message', 1), ('sms', 'eu', 0.09, 1, 'message', 1),
            ('sms', 'world', 0.49, 1, 'message', 1), ('data', 'home', 0.01, 1, 'mb', 1024),
            ('data', 'eu', 0.01, 1, 'mb', 1024), ('data', 'world', 4.90, 1, 'mb', 10240),
            ('voice', 'eu', 0.15, 60, 'second', 30), ('voice', 'world', 1.49, 60, 'second', 60)
        ) as services (service, visited, price, per, unit, inc)
        union all
        select 'card' || p, 'voice', 'terminating', visited, '*', '*', price, 60, 'second', 0, 60, 60, 0, null, null
        from range(1, 13) as plans (p)
        cross join (values ('eu', 0.05), ('world', 0.89)) as abroad (visited, price)
        union all
        select 'abroad', 'voice', 'originating', 'home', zone, '*', 0.05, 60, 'second', 0, 60, 60, 0, null, null
        from zones where z between 10 and 40""",
    "ratebook/prefixes": """
        select prefix, zone, upper(zone) as destination, valid_from, valid_to from prefixes""",
    "ratebook/networks": """
        select * from (values ('20801', 'FR', 'home'), ('262', 'DE', 'eu'), ('214', 'ES', 'eu'),
            ('222', 'IT', 'eu'), ('310', 'US', 'world'), ('440', 'JP', 'world'))
            as networks (network, country, visited_zone)""",
    "ratebook/bands": """
        select * from (values ('day', 'mon;tue;wed;thu;fri', '08:00', '20:00', 1),
            ('evening', 'mon;tue;wed;thu;fri', '00:00', '08:00', 1),
            ('evening', 'mon;tue;wed;thu;fri', '20:00', '24:00', 1),
            ('weekend', 'sat;sun;holiday', '00:00', '24:00', 2))
            as bands (band, days, from_time, to_time, priority)""",
    "ratebook/holidays": "select '2026-10-19' as date, 'Holiday' as name",
    "ratebook/taxes": """
        select 'FR' as jurisdiction, 'standard' as tax_category, 'VAT' as tax_id, 'TVA' as name,
            20 as rate_percent, 1 as sequence, 'false' as compound, 'S' as en16931_category""",
    "crm/accounts": """
        select distinct account as account_id, 'residential' as kind, 'Customer ' || account as name,
            'FR' as country, 1 as cycle_day, 'none' as payment_method, 'portal' as delivery,
            'none' as itemisation, '2026-01-01' as opened_on
        from lines""",
    "crm/subscriptions": """
        select subscription as subscription_id, account as account_id,
            '2026-01-01T00:00:00Z' as activated_at from lines""",
    "crm/identifiers": """
        select subscription as subscription_id, 'msisdn' as kind, number as identifier from lines""",
    "crm/subscribed_products": """
        select subscription || '-plan' as subscribed_product_id, account as account_id,
            subscription as subscription_id, 'plan' || plan as product_id,
            case when i % 50 = 0 then '2026-10-10' else '2026-01-01' end as valid_from,
            null as valid_to
        from lines
        union all
        select subscription || '-before', account, subscription, 'plan3', '2026-01-01', '2026-10-10'
        from lines where i % 50 = 0
        union all
        select subscription || '-extra' || e, account, subscription, 'extra' || e, '2026-01-01', null
        from lines cross join range(1, 4) as extras (e)
        where h(i, 6) % 10 < 4 - e""",
}

RECORDS = """
    with numbered as (
        -- half a percent comes twice, the second time a day later
        select case when h(i, 15) % 200 = 0 and i > 1000 then i - 1000 else i end as i,
            h(i, 15) % 200 = 0 and i > 1000 as is_copy
        from range({records}) as numbers (i)
    ),
    drawn as (
        select i, is_copy, h(i, 10) as a, h(i, 11) as b, h(i, 12) as c, h(i, 13) % {s} as line,
            h(i, 14) % 1000 as kind
        from numbered
    ),
    typed as (
        select *,
            case when kind < 550 then 'data' when kind < 800 then 'sms' else 'voice' end as service,
            a % ({days} * 86400) as second
        from drawn
    )
    select
        'r' || typed.i as record_id,
        service,
        case when service = 'voice' and c % 33 = 1 then 'terminating' else 'originating' end as direction,
        case when c % 1009 = 5 then '33999999999' else number end as subscriber,
        'msisdn' as subscriber_kind,
        case
            when service = 'data' then null
            when b % 100 < 70 then '06' || lpad(cast(b // 100 % 100000000 as varchar), 8, '0')
            when b % 100 < 85 then '01' || lpad(cast(b // 100 % 100000000 as varchar), 8, '0')
            else '00' || abroad.prefix || lpad(cast(b // 7 % 1000000 as varchar), 6, '0')
        end as other_party,
        cast('{first} 00:00:00+00' as timestamptz) + to_seconds(cast(second as bigint)) as started_at,
        case when service = 'voice' then cast(1 + (b // 31 % 30) * (b // 7 % 30) as bigint) end
            as duration_seconds,
        case when service = 'data' then cast(b // 13 % 2000000 as bigint) end as bytes_uplink,
        case when service = 'data' then cast(b // 17 % 20000000 as bigint) end as bytes_downlink,
        case when service = 'sms' then 1 end as messages,
        case
            when c % 33 < 2 then ['262', '21407', '22201', '310410'][c // 33 % 4 + 1]
            when c % 2 = 0 then '20801'
        end as serving_network,
        case when service = 'voice' and c % 301 = 7 then 'c' || typed.i end as charging_id,
        case when service = 'voice' and c % 301 = 7 then 1 end as sequence,
        case when service = 'voice' and c % 301 = 7 then true end as is_final,
        case when service = 'voice' and c % 20 = 3 then 'no_answer' end as disposition,
        least(second // 86400 + case when is_copy then 1 else 0 end, {days} - 1) as day
    from typed
    inner join lines on typed.line = lines.i
    inner join numbered_prefixes as abroad on b // 100 % {prefixes} = abroad.n
"""


def write_month(
    folder: Path,
    records: int,
    *,
    subscriptions: int | None = None,
    tables: Mapping[str, str] | None = None,
) -> None:
    """Write the operator folder with this many usage records, if it is not there yet.

    `subscriptions`: by default one per RECORDS_PER_SUBSCRIBER. `tables`: more tables, or others in
    the place of those of REFERENCE, as queries.
    """
    if (folder / "operator.yaml").exists():
        return
    subscriptions = subscriptions or max(100, records // RECORDS_PER_SUBSCRIBER)
    for part in ("ratebook", "crm", "cdr/core", "branding"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
    con.execute(
        "create macro h(i, salt) as cast(hash(cast(i as bigint) * 64 + salt) >> 2 as bigint)"
    )
    con.execute("""
        create table zones as
        select z, case z when 1 then 'mobile' when 2 then 'national' else 'zone' || z end as zone
        from range(1, 251) as numbers (z)""")
    con.execute("""
        create table prefixes as
        with drawn as (
            select distinct on (prefix) prefix, 3 + k % 248 as z, k
            from (
                select k, cast(20 + h(k, 3) % 79 as varchar)
                    || case when k < 80 then ''
                        else left(cast(h(k, 4) % 100000 + 100000 as varchar), cast(1 + h(k, 5) % 5 as int)) end as prefix
                from range(40000) as numbers (k)
            )
            where prefix not like '33%'
            order by prefix, k
        ),
        kept as (select * from drawn order by k limit 12000)
        select prefix, 'zone' || z as zone, cast(null as varchar) as valid_from,
            case when k % 50 = 0 then '2026-10-16' end as valid_to from kept
        union all
        select prefix, 'zone' || (3 + (z + 7) % 248), '2026-10-16', null from kept where k % 50 = 0
        union all
        select '33', 'national', null, null
        union all
        select '336', 'mobile', null, null
        union all
        select '337', 'mobile', null, null""")
    con.execute(f"""
        create table lines as
        select i, 'S' || i as subscription, 'A' || case when h(i // 3, 7) % 10 = 0 then i // 3 * 3 else i end as account,
            '336' || lpad(cast(i as varchar), 8, '0') as number,
            case when h(i // 3, 7) % 10 = 0 then 11 + h(i, 8) % 2 else 1 + h(i, 9) % 12 end as plan
        from range({subscriptions}) as numbers (i)""")
    con.execute("""
        create table numbered_prefixes as
        select prefix, row_number() over (order by prefix) - 1 as n
        from (select distinct prefix from prefixes)""")
    found = con.execute("select count(*) from numbered_prefixes").fetchall()[0][0]
    for name, query in {**REFERENCE, **(tables or {})}.items():
        con.execute(f"copy ({query}) to '{folder / name}.csv' (header, delimiter ',')")
    values = {
        "s": subscriptions,
        "records": records,
        "days": DAYS,
        "first": FIRST_DAY,
        "prefixes": found,
    }
    con.execute(f"create table records as {RECORDS.format(**values)}")
    for day in range(DAYS):
        file = folder / "cdr" / "core" / f"usage-2026-10-{day + 1:02d}.parquet"
        con.execute(
            f"copy (select * exclude (day) from records where day = {day} order by record_id)"
            f" to '{file}' (format parquet, compression zstd)"
        )
    (folder / "operator.yaml").write_text(yaml.safe_dump(OPERATOR, sort_keys=False))
