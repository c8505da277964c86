(create_table (object_reference name: (identifier) @name)) @table
(create_view (object_reference name: (identifier) @name)) @table
(create_materialized_view (object_reference name: (identifier) @name)) @table
(create_function . (_) (object_reference name: (identifier) @name)) @function
(create_procedure . (_) (object_reference name: (identifier) @name)) @function
(create_trigger . (_) . (_) . (object_reference name: (identifier) @name)) @function
(create_type (object_reference name: (identifier) @name)) @type
(create_schema (identifier) @name) @module
