# redis
