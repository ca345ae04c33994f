-- The sample warehouse: a thousand customers and their orders. Everything comes out of the row's number, so that
-- the same files are made every time; names and companies are made up, addresses end in .example.
CREATE MACRO pick(list, number, salt) AS list[1 + ((number * 7919 + salt * 104729 + number * number * 31) % len(list))];

CREATE TABLE names AS SELECT
  ['Ada', 'Ben', 'Carla', 'David', 'Elif', 'Farid', 'Greta', 'Hiro', 'Ines', 'Jakub', 'Kavya', 'Liam', 'Mia', 'Nadia',
   'Omar', 'Paula', 'Quentin', 'Rosa', 'Samuel', 'Tess', 'Umar', 'Vera', 'Wei', 'Ximena', 'Yusuf', 'Zoë', 'Aino',
   'Björn', 'Chiara', 'Diego', 'Emeka'] AS first,
  ['Lindqvist', 'Okafor', 'Mendes', 'Kim', 'Demir', 'Haddad', 'Schneider', 'Tanaka', 'Moreau', 'Novák', 'Rao', 'Murphy',
   'Jensen', 'Petrova', 'Aziz', 'Silva', 'Dubois', 'García', 'Owusu', 'van Dijk', 'Rossi', 'Kowalski', 'Horvat',
   'Nakamura', 'Fischer', 'Eriksen', 'Costa', 'Hernández', 'Ivanov', 'Byrne', 'Mbeki', 'Sato', 'Weber', 'Laine',
   'Popescu', 'Khan', 'Larsen'] AS last,
  ['Northwind', 'Brightpath', 'Solaria', 'Han River', 'Bosporus', 'Atlas', 'Werkraum', 'Asahi', 'Lumière', 'Vltava',
   'Lotus', 'Emerald', 'Fjord', 'Balkan', 'Gulf', 'Verde', 'Polder', 'Goldcoast', 'Plaza', 'Aurora', 'Tundra',
   'Cobalt', 'Meridian'] AS company,
  ['Traders', 'Learning', 'Energy', 'Robotics', 'Freight', 'Foods', 'Studios', 'Craft', 'Labs', 'Software', 'Retail',
   'Data', 'Health', 'Textiles', 'Marine', 'Agro', 'Works', 'Coffee', 'Tech'] AS trade,
  ['Sweden', 'Nigeria', 'Portugal', 'South Korea', 'Turkey', 'Morocco', 'Germany', 'Japan', 'France', 'Czechia', 'India',
   'Ireland', 'Norway', 'Bulgaria', 'Oman', 'Brazil', 'Belgium', 'Spain', 'Ghana', 'Netherlands', 'Italy', 'Poland',
   'Croatia', 'Austria', 'Mexico', 'Finland', 'Romania', 'Canada', 'Denmark'] AS country;

CREATE TABLE customers AS
SELECT id, first_name, last_name,
       -- Customer 117 has half an address: the CRM refuses it, and `penstock trace` tells why.
       CASE WHEN id = 117 THEN plain || '@'
            ELSE plain || id || '@' || lower(strip_accents(replace(company_name, ' ', '-'))) || '.example' END AS email,
       company_name || ' ' || trade_name AS company, country,
       DATE '2023-01-09' + CAST((id * 389) % 1000 AS INTEGER) AS signed_up
FROM (SELECT id, pick(first, id, 1) AS first_name, pick(last, id, 2) AS last_name, pick(company, id, 3) AS company_name,
             pick(trade, id, 4) AS trade_name, pick(country, id, 5) AS country,
             lower(strip_accents(replace(pick(first, id, 1) || '.' || pick(last, id, 2), ' ', ''))) AS plain
      FROM range(1, 1001) numbers(id), names)
ORDER BY id;

CREATE MACRO amount(number) AS CAST(5 + (number * 48271 % 24007) / 50.0 + number % 7 * 31.5 AS DECIMAL(9, 2));

CREATE TABLE orders AS
SELECT 50000 + number AS id, 1 + (number * 617 + number * number % 13 * 71) % 1000 AS customer_id, amount(number) AS amount,
       DATE '2026-01-02' + CAST(number / 10 AS INTEGER) AS ordered_on
FROM range(0, 3250) numbers(number);

CREATE TABLE orders_tomorrow AS
SELECT 60000 + number AS id, 1 + (number * 83 + 20) % 1000 AS customer_id, amount(number * 37 + 11) AS amount,
       DATE '2026-11-24' AS ordered_on
FROM range(0, 12) numbers(number);

COPY customers TO 'project/warehouse/customers.parquet' (FORMAT parquet, COMPRESSION zstd);
COPY orders TO 'project/warehouse/orders-until-2026-11-23.parquet' (FORMAT parquet, COMPRESSION zstd);
COPY orders_tomorrow TO 'tomorrow/orders-2026-11-24.parquet' (FORMAT parquet, COMPRESSION zstd);
